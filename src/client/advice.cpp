// SPDX-License-Identifier: Apache-2.0
#include "client/advice.hpp"

#include <array>

namespace otabahn::client {
namespace {

enum class Topic { unknown_key, wrong_secret, clock, expired, not_allowed, none };

struct Row {
    std::string_view code;
    Topic topic;
};
constexpr std::array<Row, 14> rows{{
    {"UnrecognizedClientException", Topic::unknown_key},
    {"InvalidClientTokenId", Topic::unknown_key},
    {"InvalidAccessKeyId", Topic::unknown_key},
    {"InvalidSignatureException", Topic::wrong_secret},
    {"SignatureDoesNotMatch", Topic::wrong_secret},
    {"RequestTimeTooSkewed", Topic::clock},
    {"RequestExpired", Topic::clock},
    {"ExpiredToken", Topic::expired},
    {"ExpiredTokenException", Topic::expired},
    {"AccessDenied", Topic::not_allowed},
    {"AccessDeniedException", Topic::not_allowed},
    {"UnauthorizedException", Topic::not_allowed},
    {"UnauthorizedOperation", Topic::not_allowed},
    {"ForbiddenException", Topic::not_allowed},
}};

Topic topic_of(const awsapi::ServiceError& error) {
    // Services other than S3 have one code for a wrong secret and a wrong clock.
    if (error.message.find("Signature expired") != std::string::npos ||
        error.message.find("Signature not yet current") != std::string::npos)
        return Topic::clock;
    for (const Row& row : rows)
        if (row.code == error.code) return row.topic;
    return Topic::none;
}

}  // namespace

std::string advice(const awsapi::ServiceError& error, const Endpoint& endpoint, const Settings& settings) {
    const std::string key = "The access key " + settings.credentials.access_key_id + " comes from " + settings.credentials_from + ".";
    switch (topic_of(error)) {
        case Topic::unknown_key:
            return " " + key +
                   (endpoint.is_aws ? " AWS does not know it: check the profile, or give --endpoint-url if it is a local server's."
                                    : " This endpoint does not know it: `otabahn env --data DIR` prints the right one of a local server.");
        case Topic::wrong_secret:
            return " " + key + " Its secret is not the one that the endpoint has.";
        case Topic::clock:
            return " Set this machine's clock: signatures may be 15 minutes off at most.";
        case Topic::expired:
            return " " + key + " Get a new session.";
        case Topic::not_allowed:
            return " " + key;
        case Topic::none:
            return {};
    }
    return {};
}

std::string advice(TransferFault fault, const Endpoint& endpoint) {
    switch (fault) {
        case TransferFault::refused:
            return endpoint.is_aws ? " Is this machine's network up?"
                                   : " Is `otabahn serve` running there? Its data folder's endpoints.json says where it listens.";
        case TransferFault::unresolved:
            return endpoint.is_aws ? " Check the region's name and this machine's network; for a local server give --endpoint-url."
                                   : " Check the host name of the endpoint.";
        case TransferFault::tls:
            return endpoint.is_aws ? std::string() : " Set AWS_CA_BUNDLE to the server's root-ca.pem (`caFile` in its endpoints.json).";
        case TransferFault::timed_out:
            return " The endpoint did not answer in time; is a firewall between?";
        case TransferFault::too_large:
        case TransferFault::broken:
            return {};
    }
    return {};
}

}  // namespace otabahn::client

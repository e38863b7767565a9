// SPDX-License-Identifier: Apache-2.0
#include "client/client.hpp"

#include "client/advice.hpp"
#include "client/retry.hpp"
#include "encoding/base64_string.hpp"
#include "sigv4/digest.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <thread>

namespace otabahn::client {
namespace {

using awsapi::Outcome;
using awsapi::ServiceError;

constexpr std::size_t usual_answer_limit = 64 * 1024 * 1024, file_piece = 256 * 1024;
constexpr std::uint64_t largest_put = 5ULL * 1024 * 1024 * 1024;  // S3's limit of one PutObject

Timestamp system_time() { return std::chrono::floor<Duration>(std::chrono::system_clock::now()); }

std::string text_of(const boost::json::object& members, std::string_view name) {
    const auto* value = members.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

Unexpected<ServiceError> file_failure(const std::string& file, std::string_view what) {
    return awsapi::service_fail("FileError", 0,
                                "The file " + file + " could not be " + std::string(what) + ": " + std::strerror(errno) + ".");
}

}  // namespace

Client::Client(Settings settings)
    : settings_(std::move(settings)),
      now_(&system_time),
      pause_([](std::chrono::milliseconds pause) { std::this_thread::sleep_for(pause); }) {}

Result<Client> Client::open(const Overrides& overrides, const Environment& environment) {
    auto settings = find_settings(overrides, environment);
    if (!settings) return Unexpected(std::move(settings).error());
    return Client(std::move(*settings));
}

Result<std::optional<WellKnown>> Client::find_server() {
    const auto endpoint = find_endpoint(settings_, "iot");
    if (!endpoint) return Unexpected(endpoint.error());
    if (endpoint->is_aws) return std::optional<WellKnown>();
    TransferRequest request;
    request.method = "GET";
    request.url = endpoint->url + "/.well-known/otabahn";
    request.headers = {{"Host", endpoint->authority}};
    request.ca_bundle = settings_.ca_bundle;
    const auto response = transfer_.send(request);
    if (!response)
        return fail(ErrorCode::unavailable, "The endpoint " + endpoint->url + " could not be asked who it is: " + response.error().message +
                                                "." + advice(response.error().fault, *endpoint));
    if (response->status >= 500)
        return fail(ErrorCode::unavailable, "The endpoint " + endpoint->url + " answered " + std::to_string(response->status) +
                                                " when asked who it is. Try again in a moment.");
    // 404 is AWS's way; other services that speak its APIs refuse what is not signed.
    if (response->status != 200) return std::optional<WellKnown>();
    boost::system::error_code wrong;
    const auto parsed = boost::json::parse(response->body, wrong);
    if (wrong || !parsed.is_object())
        return fail(ErrorCode::invalid_json, "The endpoint " + request.url + " answered something that is no JSON object. Is " +
                                                 endpoint->url + " the right endpoint?");
    const auto& members = parsed.get_object();
    return std::optional(WellKnown{text_of(members, "http"), text_of(members, "mqtt"), text_of(members, "https"),
                                   text_of(members, "deviceHttps"), text_of(members, "account"), text_of(members, "quotas"),
                                   text_of(members, "rootCa")});
}

ServiceError Client::explained(const awsapi::OperationRow& operation, ServiceError error) const {
    const auto endpoint = find_endpoint(settings_, operation.service->name);
    const std::string where = endpoint ? endpoint->url : std::string("its endpoint");
    const std::string hint = endpoint ? advice(error, *endpoint, settings_) : std::string();
    if (error.message.empty()) error.message = "The service gave no reason.";
    error.message += " (" + std::string(operation.service->name) + " " + std::string(operation.name) + " at " + where + ", status " +
                     std::to_string(error.status) + ")" + hint;
    return error;
}

Outcome<awsapi::Response> Client::attempt(const awsapi::OperationRow& operation, const Endpoint& endpoint, const awsapi::Request& request,
                                          const Streamed* streamed, std::size_t answer_limit) {
    sigv4::SignInput input;
    input.method = request.method;
    input.target = endpoint.prefix + request.target();
    input.headers.push_back({"Host", endpoint.authority});
    for (const auto& [name, value] : request.headers)
        if (!awsapi::same_header_name(name, "Host") && !awsapi::same_header_name(name, "Content-Length"))
            input.headers.push_back({name, value});
    input.payload_hash = streamed != nullptr ? streamed->sha256 : sigv4::sha256_hex(request.body);
    input.region = endpoint.region;
    input.service = endpoint.scope;
    input.now = now_();

    UploadSource source;
    TransferRequest transfer;
    transfer.method = request.method;
    transfer.url = endpoint.url + request.target();
    for (const auto& header : input.headers) transfer.headers.emplace_back(header.name, header.value);
    for (auto& header : sigv4::sign_headers(settings_.credentials, input))
        transfer.headers.emplace_back(std::move(header.name), std::move(header.value));
    transfer.ca_bundle = settings_.ca_bundle;
    transfer.answer_limit = answer_limit;
    if (streamed != nullptr) {
        source = {streamed->read, streamed->size};
        transfer.upload = &source;
    } else {
        transfer.body = request.body;
    }
    auto response = transfer_.send(transfer);
    if (!response) {
        const TransferError& error = response.error();
        const bool unreached =
            error.fault == TransferFault::refused || error.fault == TransferFault::unresolved || error.fault == TransferFault::tls;
        return awsapi::service_fail(unreached ? std::string(unreachable) : std::string(broken_off), 0,
                                    std::string(operation.service->name) + " " + std::string(operation.name) + " could not be done at " +
                                        endpoint.url + ": " + error.message + "." + advice(error.fault, endpoint));
    }
    if (response->status < 200 || response->status > 299) return Unexpected(awsapi::decode_error(operation, *response));
    return std::move(*response);
}

Outcome<awsapi::Response> Client::send(const awsapi::OperationRow& operation, awsapi::Request request, const Streamed* streamed,
                                       std::size_t answer_limit) {
    const auto endpoint = find_endpoint(settings_, operation.service->name);
    if (!endpoint) return awsapi::service_fail("InvalidEndpoint", 0, endpoint.error().message);
    const std::size_t limit = answer_limit != 0 ? answer_limit : usual_answer_limit;
    for (int tried = 1;; ++tried) {
        if (streamed != nullptr && !streamed->rewind())
            return awsapi::service_fail("FileError", 0, "The file could not be read from its beginning again.");
        auto response = attempt(operation, *endpoint, request, streamed, limit);
        if (response) return response;
        const ServiceError& error = response.error();
        if (tried < most_attempts && may_retry(operation, error)) {
            pause_(pause_before(tried));
            continue;
        }
        return error.status == 0 ? std::move(response) : Outcome<awsapi::Response>(Unexpected(explained(operation, error)));
    }
}

Outcome<api::s3::PutObjectOutput> Client::put_object(api::s3::PutObjectRequest input, const std::string& file, const Progress& progress) {
    std::ifstream in(file, std::ios::binary);
    if (!in) return file_failure(file, "opened");
    sigv4::Digest digest(sigv4::DigestKind::sha256);
    std::string piece(file_piece, '\0');
    std::uint64_t size = 0;
    while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())), in.gcount() > 0) {
        size += static_cast<std::uint64_t>(in.gcount());
        digest.update(as_bytes(std::string_view(piece).substr(0, static_cast<std::size_t>(in.gcount()))));
    }
    if (in.bad()) return file_failure(file, "read");
    if (size > largest_put)
        return awsapi::service_fail(
            "EntityTooLarge", 0,
            "The file " + file + " has " + std::to_string(size) + " bytes; S3 takes at most 5 GiB at once. Upload it with `aws s3 cp`.");
    std::uint64_t sent = 0;
    Streamed streamed;
    streamed.sha256 = encoding::to_hex(digest.finish());
    streamed.size = size;
    streamed.rewind = [&] {
        in.clear();
        in.seekg(0);
        sent = 0;
        return in.good();
    };
    streamed.read = [&](char* into, std::size_t room) -> std::size_t {
        in.read(into, static_cast<std::streamsize>(room));
        if (in.bad()) return UploadSource::npos;
        const auto got = static_cast<std::size_t>(in.gcount());
        sent += got;
        if (progress && got > 0) progress(sent, size);
        return got;
    };
    const awsapi::OperationRow& operation = awsapi::row<api::s3::PutObject>();
    auto response = send(operation, awsapi::encode_request(operation, &input), &streamed, {});
    if (!response) return Unexpected(std::move(response).error());
    return awsapi::decode<api::s3::PutObject>(*response);
}

Outcome<api::s3::PutObjectOutput> Client::put_object_bytes(const api::s3::PutObjectRequest& input, std::string_view bytes) {
    const awsapi::OperationRow& operation = awsapi::row<api::s3::PutObject>();
    awsapi::Request request = awsapi::encode_request(operation, &input);
    request.body = bytes;
    auto response = send(operation, std::move(request), nullptr, {});
    if (!response) return Unexpected(std::move(response).error());
    return awsapi::decode<api::s3::PutObject>(*response);
}

Outcome<std::string> Client::get_object(const api::s3::GetObjectRequest& input) {
    const awsapi::OperationRow& operation = awsapi::row<api::s3::GetObject>();
    auto response = send(operation, awsapi::encode_request(operation, &input), nullptr, {});
    if (!response) return Unexpected(std::move(response).error());
    return std::move(response->body);
}

}  // namespace otabahn::client

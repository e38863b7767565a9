// SPDX-License-Identifier: Apache-2.0
#include "client/retry.hpp"

#include <algorithm>
#include <array>

namespace otabahn::client {
namespace {

constexpr std::array<std::string_view, 9> throttles{"Throttling",
                                                    "ThrottlingException",
                                                    "ThrottledException",
                                                    "TooManyRequestsException",
                                                    "RequestThrottled",
                                                    "RequestThrottledException",
                                                    "RequestLimitExceeded",
                                                    "SlowDown",
                                                    "PriorRequestNotComplete"};

bool is_read(std::string_view name) {
    return name.starts_with("Get") || name.starts_with("List") || name.starts_with("Describe") || name.starts_with("Head");
}

bool is_harmless_twice(const awsapi::OperationRow& operation) {
    if (is_read(operation.name) || operation.method == "PUT" || operation.method == "DELETE") return true;
    // The token in the request tells the service that it is the same one again.
    return operation.input != nullptr && std::any_of(operation.input->members.begin(), operation.input->members.end(),
                                                     [](const awsapi::MemberRow& member) { return member.idempotency_token; });
}

}  // namespace

bool may_retry(const awsapi::OperationRow& operation, const awsapi::ServiceError& error) {
    if (error.code == unreachable) return false;
    if (error.status == 429 || std::find(throttles.begin(), throttles.end(), error.code) != throttles.end()) return true;
    const bool passing = error.code == broken_off || error.code == "RequestTimeout" || error.status == 500 || error.status == 502 ||
                         error.status == 503 || error.status == 504;
    return passing && is_harmless_twice(operation);
}

std::chrono::milliseconds pause_before(int attempts_made) {
    return std::chrono::milliseconds(200) * (1 << std::clamp(attempts_made - 1, 0, 5));
}

}  // namespace otabahn::client

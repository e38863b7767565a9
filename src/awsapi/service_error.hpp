// SPDX-License-Identifier: Apache-2.0
// A failure as an AWS client sees it: exception name, HTTP status, sentence and the extra members or elements that the
// error's shape has. The edge's form of base/error.hpp; each service family has its own envelope (error_envelope.hpp).
#pragma once

#include "base/error.hpp"

#include <string>
#include <utility>
#include <vector>

namespace otabahn::awsapi {

struct ServiceError {
    std::string code;  // ResourceNotFoundException, NoSuchKey
    int status = 400;
    std::string message;
    std::vector<std::pair<std::string, std::string>> fields;   // resourceId, BucketName …, by their wire names
    std::vector<std::pair<std::string, std::string>> headers;  // response headers that belong to it (x-amz-delete-marker)
};

template <class T>
using Outcome = Result<T, ServiceError>;

inline Unexpected<ServiceError> service_fail(std::string code, int status, std::string message,
                                             std::vector<std::pair<std::string, std::string>> fields = {}) {
    return Unexpected(ServiceError{std::move(code), status, std::move(message), std::move(fields), {}});
}

// Our inner failure in the words of a service ("iot", "signer", "acm", "iam", "sts", "iot-jobs-data", "iot-data"); one
// exhaustive switch per service family. S3 has its own codes and makes its ServiceErrors itself.
ServiceError to_service_error(std::string_view service, const Error& error);

}  // namespace otabahn::awsapi

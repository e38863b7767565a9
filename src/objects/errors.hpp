// SPDX-License-Identifier: Apache-2.0
// S3's own errors, made in one place: code, status, sentence and the elements that S3 adds (spec control-plane 2.9).
#pragma once

#include "awsapi/service_error.hpp"
#include "base/error.hpp"

#include <string>
#include <string_view>

namespace otabahn::objects {

using awsapi::Outcome;
using awsapi::ServiceError;

ServiceError no_such_bucket(const std::string& bucket);
ServiceError no_such_key(const std::string& bucket, const std::string& key);
ServiceError no_such_version(const std::string& bucket, const std::string& key, const std::string& version_id);
ServiceError no_such_upload(const std::string& upload_id);
ServiceError access_denied(std::string message);
ServiceError invalid_argument(std::string message, std::string_view name, std::string_view value);
ServiceError invalid_request(std::string message);
ServiceError malformed_xml(std::string what);
ServiceError precondition_failed(std::string_view condition);
ServiceError not_implemented(std::string what);
ServiceError bad_digest(std::string message);
// Our own failure (a disk, a database) as S3's InternalError; 503 where trying again helps.
ServiceError inner_failure(const Error& error);
// The other way: S3's refusal for a capability that calls us without HTTP.
Error to_error(const ServiceError& error);

}  // namespace otabahn::objects

// SPDX-License-Identifier: Apache-2.0
#include "objects/errors.hpp"

#include "runtime/log.hpp"

namespace otabahn::objects {

ServiceError no_such_bucket(const std::string& bucket) {
    return {"NoSuchBucket", 404, "The specified bucket does not exist: '" + bucket + "'.", {{"BucketName", bucket}}, {}};
}

ServiceError no_such_key(const std::string& bucket, const std::string& key) {
    return {"NoSuchKey", 404, "The specified key does not exist: '" + key + "' in bucket '" + bucket + "'.", {{"Key", key}}, {}};
}

ServiceError no_such_version(const std::string& bucket, const std::string& key, const std::string& version_id) {
    return {"NoSuchVersion",
            404,
            "The specified version does not exist: '" + version_id + "' of '" + key + "' in bucket '" + bucket + "'.",
            {{"Key", key}, {"VersionId", version_id}},
            {}};
}

ServiceError no_such_upload(const std::string& upload_id) {
    return {
        "NoSuchUpload",
        404,
        "The specified multipart upload does not exist. The upload ID might be invalid, or the multipart upload might have been aborted or "
        "completed.",
        {{"UploadId", upload_id}},
        {}};
}

ServiceError access_denied(std::string message) { return {"AccessDenied", 403, std::move(message), {}, {}}; }

ServiceError invalid_argument(std::string message, std::string_view name, std::string_view value) {
    return {"InvalidArgument",
            400,
            std::move(message),
            {{"ArgumentName", std::string(name)}, {"ArgumentValue", std::string(value.substr(0, 256))}},
            {}};
}

ServiceError invalid_request(std::string message) { return {"InvalidRequest", 400, std::move(message), {}, {}}; }

ServiceError malformed_xml(std::string what) {
    return {"MalformedXML",
            400,
            "The XML you provided was not well-formed or did not validate against our published schema: " + std::move(what),
            {},
            {}};
}

ServiceError precondition_failed(std::string_view condition) {
    return {"PreconditionFailed",
            412,
            "At least one of the pre-conditions you specified did not hold: " + std::string(condition) + ".",
            {{"Condition", std::string(condition)}},
            {}};
}

ServiceError not_implemented(std::string what) {
    return {"NotImplemented",
            501,
            "A header or element you provided implies functionality that is not implemented: " + std::move(what),
            {},
            {}};
}

ServiceError bad_digest(std::string message) { return {"BadDigest", 400, std::move(message), {}, {}}; }

ServiceError inner_failure(const Error& error) {
    spdlog::error("s3 failed code={} message=\"{}\"", to_string(error.code), error.message);
    if (error.code == ErrorCode::unavailable || error.code == ErrorCode::throttled)
        return {"ServiceUnavailable", 503, "The request could not be served now; please try again. " + error.message, {}, {}};
    return {"InternalError", 500, "We encountered an internal error. Please try again.", {}, {}};
}

Error to_error(const ServiceError& error) {
    auto code = ErrorCode::invalid_request;
    if (error.status == 404) code = ErrorCode::not_found;
    if (error.status == 403) code = ErrorCode::access_denied;
    if (error.status == 409 || error.status == 412) code = ErrorCode::conflict;
    if (error.status == 501) code = ErrorCode::not_implemented;
    if (error.status == 503) code = ErrorCode::unavailable;
    if (error.status == 500) code = ErrorCode::internal;
    return {code, error.message};
}

}  // namespace otabahn::objects

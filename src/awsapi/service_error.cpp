// SPDX-License-Identifier: Apache-2.0
// Our inner failures in each service's words. One exhaustive switch per service family, no default: a new ErrorCode does
// not compile before each service has an answer to it. Statuses: spec control-plane 3.1, 5.2, 6.1; jobs 1.9.
#include "awsapi/service_error.hpp"

namespace otabahn::awsapi {

namespace {

struct Answer {
    const char* code;
    int status;
};

Answer iot_answer(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid_request:
        case ErrorCode::invalid_json:
            return {"InvalidRequestException", 400};
        case ErrorCode::not_found:
            return {"ResourceNotFoundException", 404};
        case ErrorCode::already_exists:
            return {"ResourceAlreadyExistsException", 409};
        case ErrorCode::conflict:
            return {"ConflictException", 409};
        case ErrorCode::version_conflict:
            return {"VersionConflictException", 409};
        case ErrorCode::invalid_state:
        case ErrorCode::terminal_state:
            return {"InvalidStateTransitionException", 409};
        case ErrorCode::limit_exceeded:
            return {"LimitExceededException", 410};
        case ErrorCode::access_denied:
            return {"AccessDeniedException", 403};
        case ErrorCode::unauthenticated:
            return {"UnauthorizedException", 401};
        case ErrorCode::throttled:
            return {"ThrottlingException", 400};
        case ErrorCode::unavailable:
            return {"ServiceUnavailableException", 503};
        case ErrorCode::not_implemented:
            return {"NotImplementedException", 501};
        case ErrorCode::internal:
            return {"InternalFailureException", 500};
    }
    return {"InternalFailureException", 500};
}

// The device's four calls over HTTPS (jobs 1.9, 4.7).
Answer iot_jobs_data_answer(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid_request:
        case ErrorCode::invalid_json:
            return {"InvalidRequestException", 400};
        case ErrorCode::not_found:
            return {"ResourceNotFoundException", 404};
        case ErrorCode::already_exists:
        case ErrorCode::conflict:
        case ErrorCode::version_conflict:  // has no name of its own in this model
        case ErrorCode::invalid_state:
            return {"InvalidStateTransitionException", 409};
        case ErrorCode::terminal_state:
            return {"TerminalStateException", 410};
        case ErrorCode::limit_exceeded:
            return {"InvalidRequestException", 400};
        case ErrorCode::access_denied:
            return {"AccessDeniedException", 403};
        case ErrorCode::unauthenticated:
            return {"CertificateValidationException", 400};
        case ErrorCode::throttled:
            return {"ThrottlingException", 429};
        case ErrorCode::unavailable:
            return {"ServiceUnavailableException", 503};
        case ErrorCode::not_implemented:
            return {"NotImplementedException", 501};
        case ErrorCode::internal:
            return {"InternalServerException", 500};
    }
    return {"InternalServerException", 500};
}

Answer iot_data_answer(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid_request:
        case ErrorCode::invalid_json:
            return {"InvalidRequestException", 400};
        case ErrorCode::not_found:
            return {"ResourceNotFoundException", 404};
        case ErrorCode::already_exists:
        case ErrorCode::conflict:
        case ErrorCode::version_conflict:
        case ErrorCode::invalid_state:
        case ErrorCode::terminal_state:
            return {"ConflictException", 409};
        case ErrorCode::limit_exceeded:
            return {"RequestEntityTooLargeException", 413};
        case ErrorCode::access_denied:
            return {"ForbiddenException", 403};
        case ErrorCode::unauthenticated:
            return {"UnauthorizedException", 401};
        case ErrorCode::throttled:
            return {"ThrottlingException", 429};
        case ErrorCode::unavailable:
            return {"ServiceUnavailableException", 503};
        case ErrorCode::not_implemented:
            return {"NotImplementedException", 501};
        case ErrorCode::internal:
            return {"InternalFailureException", 500};
    }
    return {"InternalFailureException", 500};
}

Answer signer_answer(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid_request:
        case ErrorCode::invalid_json:
        case ErrorCode::already_exists:
        case ErrorCode::invalid_state:
        case ErrorCode::terminal_state:
            return {"ValidationException", 400};
        case ErrorCode::not_found:
            return {"ResourceNotFoundException", 404};
        case ErrorCode::conflict:
        case ErrorCode::version_conflict:
            return {"ConflictException", 409};
        case ErrorCode::limit_exceeded:
            return {"ServiceLimitExceededException", 402};
        case ErrorCode::access_denied:
            return {"AccessDeniedException", 403};
        case ErrorCode::unauthenticated:
            return {"UnrecognizedClientException", 403};
        case ErrorCode::throttled:
            return {"TooManyRequestsException", 429};
        case ErrorCode::unavailable:
        case ErrorCode::internal:
            return {"InternalServiceErrorException", 500};
        case ErrorCode::not_implemented:
            return {"NotImplementedException", 501};
    }
    return {"InternalServiceErrorException", 500};
}

// json-1.1 answers every modelled client error with 400; clients look at __type alone.
Answer acm_answer(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid_request:
        case ErrorCode::invalid_json:
            return {"ValidationException", 400};
        case ErrorCode::not_found:
            return {"ResourceNotFoundException", 400};
        case ErrorCode::already_exists:
        case ErrorCode::conflict:
        case ErrorCode::version_conflict:
            return {"ConflictException", 400};
        case ErrorCode::invalid_state:
        case ErrorCode::terminal_state:
            return {"InvalidStateException", 400};
        case ErrorCode::limit_exceeded:
            return {"LimitExceededException", 400};
        case ErrorCode::access_denied:
            return {"AccessDeniedException", 400};
        case ErrorCode::unauthenticated:
            return {"UnrecognizedClientException", 400};
        case ErrorCode::throttled:
            return {"ThrottlingException", 400};
        case ErrorCode::unavailable:
            return {"ServiceUnavailable", 503};
        case ErrorCode::not_implemented:
            return {"NotImplementedException", 501};
        case ErrorCode::internal:
            return {"InternalFailure", 500};
    }
    return {"InternalFailure", 500};
}

Answer iam_answer(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid_request:
            return {"ValidationError", 400};
        case ErrorCode::invalid_json:
            return {"MalformedPolicyDocument", 400};  // the only JSON that IAM takes
        case ErrorCode::not_found:
            return {"NoSuchEntity", 404};
        case ErrorCode::already_exists:
            return {"EntityAlreadyExists", 409};
        case ErrorCode::conflict:
            return {"DeleteConflict", 409};
        case ErrorCode::version_conflict:
            return {"ConcurrentModification", 409};
        case ErrorCode::invalid_state:
        case ErrorCode::terminal_state:
            return {"UnmodifiableEntity", 400};
        case ErrorCode::limit_exceeded:
            return {"LimitExceeded", 409};
        case ErrorCode::access_denied:
            return {"AccessDenied", 403};
        case ErrorCode::unauthenticated:
            return {"InvalidClientTokenId", 403};
        case ErrorCode::throttled:
            return {"Throttling", 400};
        case ErrorCode::unavailable:
            return {"ServiceUnavailable", 503};
        case ErrorCode::not_implemented:
            return {"NotImplemented", 501};
        case ErrorCode::internal:
            return {"ServiceFailure", 500};
    }
    return {"ServiceFailure", 500};
}

Answer sts_answer(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid_request:
        case ErrorCode::already_exists:
        case ErrorCode::conflict:
        case ErrorCode::version_conflict:
        case ErrorCode::invalid_state:
        case ErrorCode::terminal_state:
            return {"ValidationError", 400};
        case ErrorCode::invalid_json:
            return {"MalformedPolicyDocument", 400};
        case ErrorCode::limit_exceeded:
            return {"PackedPolicyTooLarge", 400};
        case ErrorCode::not_found:  // whether a role exists is not told to strangers (spec 5.3)
        case ErrorCode::access_denied:
            return {"AccessDenied", 403};
        case ErrorCode::unauthenticated:
            return {"InvalidClientTokenId", 403};
        case ErrorCode::throttled:
            return {"Throttling", 400};
        case ErrorCode::unavailable:
            return {"ServiceUnavailable", 503};
        case ErrorCode::not_implemented:
            return {"NotImplemented", 501};
        case ErrorCode::internal:
            return {"InternalFailure", 500};
    }
    return {"InternalFailure", 500};
}

// For what another capability failed at on behalf of an S3 call; objects/ makes its own codes.
Answer s3_answer(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid_request:
        case ErrorCode::limit_exceeded:
            return {"InvalidRequest", 400};
        case ErrorCode::invalid_json:
            return {"MalformedPolicy", 400};
        case ErrorCode::not_found:
            return {"NoSuchKey", 404};
        case ErrorCode::already_exists:
        case ErrorCode::conflict:
        case ErrorCode::version_conflict:
            return {"OperationAborted", 409};
        case ErrorCode::invalid_state:
        case ErrorCode::terminal_state:
            return {"InvalidRequest", 400};
        case ErrorCode::access_denied:
            return {"AccessDenied", 403};
        case ErrorCode::unauthenticated:
            return {"InvalidAccessKeyId", 403};
        case ErrorCode::throttled:
        case ErrorCode::unavailable:
            return {"SlowDown", 503};
        case ErrorCode::not_implemented:
            return {"NotImplemented", 501};
        case ErrorCode::internal:
            return {"InternalError", 500};
    }
    return {"InternalError", 500};
}

Answer answer_of(std::string_view service, ErrorCode code) {
    if (service == "iot-jobs-data") return iot_jobs_data_answer(code);
    if (service == "iot-data") return iot_data_answer(code);
    if (service == "signer") return signer_answer(code);
    if (service == "acm") return acm_answer(code);
    if (service == "iam") return iam_answer(code);
    if (service == "sts") return sts_answer(code);
    if (service == "s3") return s3_answer(code);
    return iot_answer(code);
}

}  // namespace

ServiceError to_service_error(std::string_view service, const Error& error) {
    const Answer answer = answer_of(service, error.code);
    ServiceError out{answer.code, answer.status, error.message, {}, {}};
    // The two iot errors that name what stands in the way (spec jobs 0.2).
    if (service == "iot" && !error.resource.empty()) {
        if (error.code == ErrorCode::already_exists) {
            const auto slash = error.resource.rfind('/');
            out.fields.emplace_back("resourceId", error.resource.substr(slash == std::string::npos ? 0 : slash + 1));
            if (error.resource.starts_with("arn:")) out.fields.emplace_back("resourceArn", error.resource);
        }
        if (error.code == ErrorCode::conflict) {
            const auto slash = error.resource.rfind('/');
            out.fields.emplace_back("resourceId", error.resource.substr(slash == std::string::npos ? 0 : slash + 1));
        }
    }
    return out;
}

}  // namespace otabahn::awsapi

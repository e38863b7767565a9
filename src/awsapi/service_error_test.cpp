// SPDX-License-Identifier: Apache-2.0
// Every inner failure in every service's words, line by line; and that the statuses are the model's where it names the word.
#include "awsapi/service_error.hpp"

#include "awsapi/rows.hpp"

#include <gtest/gtest.h>

#include <array>

namespace otabahn::awsapi {
namespace {

constexpr std::array all_codes = {
    ErrorCode::invalid_request,  ErrorCode::invalid_json,  ErrorCode::not_found,      ErrorCode::already_exists,  ErrorCode::conflict,
    ErrorCode::version_conflict, ErrorCode::invalid_state, ErrorCode::terminal_state, ErrorCode::limit_exceeded,  ErrorCode::access_denied,
    ErrorCode::unauthenticated,  ErrorCode::throttled,     ErrorCode::unavailable,    ErrorCode::not_implemented, ErrorCode::internal,
};

std::string said(std::string_view service, ErrorCode code) {
    const ServiceError error = to_service_error(service, Error(code, "why"));
    EXPECT_EQ(error.message, "why");
    return std::to_string(error.status) + " " + error.code;
}

TEST(ServiceError, Iot) {
    const std::array<std::string, all_codes.size()> expected = {"400 InvalidRequestException",
                                                                "400 InvalidRequestException",
                                                                "404 ResourceNotFoundException",
                                                                "409 ResourceAlreadyExistsException",
                                                                "409 ConflictException",
                                                                "409 VersionConflictException",
                                                                "409 InvalidStateTransitionException",
                                                                "409 InvalidStateTransitionException",
                                                                "410 LimitExceededException",
                                                                "403 AccessDeniedException",
                                                                "401 UnauthorizedException",
                                                                "400 ThrottlingException",
                                                                "503 ServiceUnavailableException",
                                                                "501 NotImplementedException",
                                                                "500 InternalFailureException"};
    for (std::size_t i = 0; i < all_codes.size(); ++i) EXPECT_EQ(said("iot", all_codes[i]), expected[i]);
}

TEST(ServiceError, IotJobsData) {
    const std::array<std::string, all_codes.size()> expected = {
        "400 InvalidRequestException",         "400 InvalidRequestException",         "404 ResourceNotFoundException",
        "409 InvalidStateTransitionException", "409 InvalidStateTransitionException", "409 InvalidStateTransitionException",
        "409 InvalidStateTransitionException", "410 TerminalStateException",          "400 InvalidRequestException",
        "403 AccessDeniedException",           "400 CertificateValidationException",  "429 ThrottlingException",
        "503 ServiceUnavailableException",     "501 NotImplementedException",         "500 InternalServerException"};
    for (std::size_t i = 0; i < all_codes.size(); ++i) EXPECT_EQ(said("iot-jobs-data", all_codes[i]), expected[i]);
}

TEST(ServiceError, IotData) {
    const std::array<std::string, all_codes.size()> expected = {
        "400 InvalidRequestException",     "400 InvalidRequestException", "404 ResourceNotFoundException",
        "409 ConflictException",           "409 ConflictException",       "409 ConflictException",
        "409 ConflictException",           "409 ConflictException",       "413 RequestEntityTooLargeException",
        "403 ForbiddenException",          "401 UnauthorizedException",   "429 ThrottlingException",
        "503 ServiceUnavailableException", "501 NotImplementedException", "500 InternalFailureException"};
    for (std::size_t i = 0; i < all_codes.size(); ++i) EXPECT_EQ(said("iot-data", all_codes[i]), expected[i]);
}

TEST(ServiceError, Signer) {
    const std::array<std::string, all_codes.size()> expected = {
        "400 ValidationException",           "400 ValidationException",         "404 ResourceNotFoundException",
        "400 ValidationException",           "409 ConflictException",           "409 ConflictException",
        "400 ValidationException",           "400 ValidationException",         "402 ServiceLimitExceededException",
        "403 AccessDeniedException",         "403 UnrecognizedClientException", "429 TooManyRequestsException",
        "500 InternalServiceErrorException", "501 NotImplementedException",     "500 InternalServiceErrorException"};
    for (std::size_t i = 0; i < all_codes.size(); ++i) EXPECT_EQ(said("signer", all_codes[i]), expected[i]);
}

TEST(ServiceError, Acm) {
    const std::array<std::string, all_codes.size()> expected = {
        "400 ValidationException",   "400 ValidationException",         "400 ResourceNotFoundException",
        "400 ConflictException",     "400 ConflictException",           "400 ConflictException",
        "400 InvalidStateException", "400 InvalidStateException",       "400 LimitExceededException",
        "400 AccessDeniedException", "400 UnrecognizedClientException", "400 ThrottlingException",
        "503 ServiceUnavailable",    "501 NotImplementedException",     "500 InternalFailure"};
    for (std::size_t i = 0; i < all_codes.size(); ++i) EXPECT_EQ(said("acm", all_codes[i]), expected[i]);
}

TEST(ServiceError, Iam) {
    const std::array<std::string, all_codes.size()> expected = {
        "400 ValidationError",     "400 MalformedPolicyDocument", "404 NoSuchEntity",
        "409 EntityAlreadyExists", "409 DeleteConflict",          "409 ConcurrentModification",
        "400 UnmodifiableEntity",  "400 UnmodifiableEntity",      "409 LimitExceeded",
        "403 AccessDenied",        "403 InvalidClientTokenId",    "400 Throttling",
        "503 ServiceUnavailable",  "501 NotImplemented",          "500 ServiceFailure"};
    for (std::size_t i = 0; i < all_codes.size(); ++i) EXPECT_EQ(said("iam", all_codes[i]), expected[i]);
}

TEST(ServiceError, Sts) {
    const std::array<std::string, all_codes.size()> expected = {
        "400 ValidationError",    "400 MalformedPolicyDocument", "403 AccessDenied",
        "400 ValidationError",    "400 ValidationError",         "400 ValidationError",
        "400 ValidationError",    "400 ValidationError",         "400 PackedPolicyTooLarge",
        "403 AccessDenied",       "403 InvalidClientTokenId",    "400 Throttling",
        "503 ServiceUnavailable", "501 NotImplemented",          "500 InternalFailure"};
    for (std::size_t i = 0; i < all_codes.size(); ++i) EXPECT_EQ(said("sts", all_codes[i]), expected[i]);
}

TEST(ServiceError, S3) {
    const std::array<std::string, all_codes.size()> expected = {
        "400 InvalidRequest",     "400 MalformedPolicy", "404 NoSuchKey",      "409 OperationAborted", "409 OperationAborted",
        "409 OperationAborted",   "400 InvalidRequest",  "400 InvalidRequest", "400 InvalidRequest",   "403 AccessDenied",
        "403 InvalidAccessKeyId", "503 SlowDown",        "503 SlowDown",       "501 NotImplemented",   "500 InternalError"};
    for (std::size_t i = 0; i < all_codes.size(); ++i) EXPECT_EQ(said("s3", all_codes[i]), expected[i]);
}

TEST(ServiceError, HasTheModelsStatusWhereverTheModelNamesIt) {
    int known = 0;
    for (const ServiceRow* const service : services())
        for (const ErrorCode code : all_codes) {
            const ServiceError error = to_service_error(service->name, Error(code, "why"));
            if (const ErrorRow* const row = service->find_error(error.code)) {
                ++known;
                EXPECT_EQ(error.status, row->status) << service->name << " " << error.code;
            }
        }
    EXPECT_GT(known, 60);
}

// botocore sends the request again after 500, 502, 503, 504 and 429.
TEST(ServiceError, PermanentFaultsAreNotOfTheKindThatClientsRetry) {
    for (const ServiceRow* const service : services())
        for (const ErrorCode code : all_codes) {
            if (code == ErrorCode::throttled || code == ErrorCode::unavailable || code == ErrorCode::internal) continue;
            const int status = to_service_error(service->name, Error(code, "why")).status;
            EXPECT_TRUE(status < 500 || status == 501) << service->name << " " << to_string(code);
            EXPECT_NE(status, 429);
        }
}

TEST(ServiceError, NamesTheResourceThatExistsAlready) {
    const auto fields = to_service_error("iot", Error(ErrorCode::already_exists, "m", "arn:aws:iot:r:1:job/j-1")).fields;
    EXPECT_EQ(fields,
              (std::vector<std::pair<std::string, std::string>>{{"resourceId", "j-1"}, {"resourceArn", "arn:aws:iot:r:1:job/j-1"}}));
    EXPECT_EQ(to_service_error("iot", Error(ErrorCode::conflict, "m", "template")).fields,
              (std::vector<std::pair<std::string, std::string>>{{"resourceId", "template"}}));
    EXPECT_TRUE(to_service_error("iot", Error(ErrorCode::not_found, "m", "arn")).fields.empty());
    EXPECT_TRUE(to_service_error("iam", Error(ErrorCode::already_exists, "m", "arn")).fields.empty());
}

}  // namespace
}  // namespace otabahn::awsapi

// SPDX-License-Identifier: Apache-2.0
// rest-json and json-1.1 on the wire: what clients send, what they get, what is refused and in which words.
#include "api/acm.hpp"
#include "api/iot-data.hpp"
#include "api/iot-jobs-data.hpp"
#include "api/iot.hpp"
#include "api/signer.hpp"
#include "awsapi/codec.hpp"

#include <gtest/gtest.h>

namespace otabahn::awsapi {
namespace {

Request ask(std::string method, std::string_view target, std::string body = {}, Headers headers = {}) {
    Request request;
    request.method = std::move(method);
    set_target(request, target);
    request.headers = std::move(headers);
    request.body = std::move(body);
    return request;
}

template <class Op>
Outcome<typename Op::Input> read(const Request& request) {
    const auto route = find_route(*row<Op>().service, request);
    if (!route) return Unexpected(route.error());
    EXPECT_EQ(route->operation->name, Op::name);
    typename Op::Input input{};
    auto decoded = decode_input(*route, request, &input);
    if (!decoded) return Unexpected(std::move(decoded).error());
    return input;
}
template <class Op>
std::string refusal(const Request& request) {
    const auto input = read<Op>(request);
    return input ? "accepted" : std::to_string(input.error().status) + " " + input.error().code + ": " + input.error().message;
}
Request with_target(std::string_view operation, std::string body) {
    return ask("POST", "/", std::move(body), Headers{{"X-Amz-Target", "CertificateManager." + std::string(operation)}});
}

TEST(JsonInput, CreateJobAsTheCliSendsIt) {
    const auto in = read<api::iot::CreateJob>(ask(
        "PUT", "/jobs/otabahn-1",
        R"({"targets":["arn:aws:iot:us-east-1:1:thing/t"],"document":"{\"a\":1}","targetSelection":"SNAPSHOT",)"
        R"("jobExecutionsRolloutConfig":{"exponentialRate":{"baseRatePerMinute":1,"incrementFactor":1.5,)"
        R"("rateIncreaseCriteria":{"numberOfNotifiedThings":1}}},"presignedUrlConfig":{"roleArn":null,"expiresInSec":"60"},"future":{"x":[1]}})"));
    ASSERT_TRUE(in) << in.error().message;
    EXPECT_EQ(in->job_id, "otabahn-1");
    EXPECT_EQ(in->targets, (std::vector<std::string>{"arn:aws:iot:us-east-1:1:thing/t"}));
    EXPECT_EQ(in->document, "{\"a\":1}");
    EXPECT_EQ(in->job_executions_rollout_config->exponential_rate->increment_factor, 1.5);
    EXPECT_EQ(in->presigned_url_config->role_arn, std::nullopt);
    EXPECT_EQ(in->presigned_url_config->expires_in_sec, 60);  // a number written as text
    EXPECT_EQ(in->description, std::nullopt);
}

TEST(JsonInput, MissingRequiredMembersAreNamedTogether) {
    EXPECT_EQ(
        refusal<api::iot::CreateStream>(ask("POST", "/streams/s", "{}")),
        "400 InvalidRequestException: 2 validation errors detected: Value null at 'files' failed to satisfy constraint: Member must not be "
        "null; Value null at 'roleArn' failed to satisfy constraint: Member must not be null");
    EXPECT_EQ(refusal<api::iot::CreateJob>(ask("PUT", "/jobs/j", "")),
              "400 InvalidRequestException: 1 validation error detected: Value null at 'targets' failed to satisfy constraint: Member must "
              "not be null");
    EXPECT_EQ(refusal<api::iot::CreateJob>(ask("PUT", "/jobs/j", R"({"targets":null})")),
              "400 InvalidRequestException: 1 validation error detected: Value null at 'targets' failed to satisfy constraint: Member must "
              "not be null");
}

TEST(JsonInput, LengthRangePatternAndEnumAreJudgedInAwsWords) {
    EXPECT_EQ(
        refusal<api::iot::CreateThing>(ask("POST", "/things/a%20b", "{}")),
        "400 InvalidRequestException: 1 validation error detected: Value 'a b' at 'thingName' failed to satisfy constraint: Member must "
        "satisfy regular expression pattern: [a-zA-Z0-9:_-]+");
    EXPECT_EQ(refusal<api::iot::CreateThing>(ask("POST", "/things/" + std::string(129, 'a'), "{}")),
              "400 InvalidRequestException: 1 validation error detected: Value '" + std::string(129, 'a') +
                  "' at 'thingName' failed to satisfy constraint: Member must have length less than or equal to 128");
    EXPECT_EQ(refusal<api::iot::ListJobs>(ask("GET", "/jobs?maxResults=0")),
              "400 InvalidRequestException: 1 validation error detected: Value '0' at 'maxResults' failed to satisfy constraint: Member "
              "must have "
              "value greater than or equal to 1");
    EXPECT_EQ(refusal<api::iot::ListJobs>(ask("GET", "/jobs?maxResults=251")),
              "400 InvalidRequestException: 1 validation error detected: Value '251' at 'maxResults' failed to satisfy constraint: Member "
              "must have "
              "value less than or equal to 250");
    EXPECT_EQ(refusal<api::iot::ListJobs>(ask("GET", "/jobs?maxResults=ten")),
              "400 InvalidRequestException: 1 validation error detected: Value 'ten' at 'maxResults' failed to satisfy constraint: Member "
              "must be a "
              "whole number in range");
    EXPECT_EQ(refusal<api::iot::ListJobs>(ask("GET", "/jobs?targetSelection=ALL")),
              "400 InvalidRequestException: 1 validation error detected: Value 'ALL' at 'targetSelection' failed to satisfy constraint: "
              "Member must "
              "satisfy enum value set: [CONTINUOUS, SNAPSHOT]");
    EXPECT_EQ(
        refusal<api::signer::PutSigningProfile>(ask("PUT", "/signing-profiles/ota-sign", R"({"platformId":"AmazonFreeRTOS-Default"})")),
        "400 ValidationException: 1 validation error detected: Value 'ota-sign' at 'profileName' failed to satisfy constraint: Member must "
        "satisfy regular expression pattern: ^[a-zA-Z0-9_]{2,}");
}

TEST(JsonInput, NestedPlacesAreNamedAsAwsNamesThem) {
    EXPECT_EQ(refusal<api::iot::CreateJob>(ask("PUT", "/jobs/j", R"({"targets":["a"],"tags":[{"Key":"k"},{"Key":""}]})")),
              "400 InvalidRequestException: 1 validation error detected: Value '' at 'tags.2.member.key' failed to satisfy constraint: "
              "Member must "
              "have length greater than or equal to 1");
    EXPECT_EQ(
        refusal<api::iot::CreateJob>(ask("PUT", "/jobs/j", R"({"targets":[]})")),
        "400 InvalidRequestException: 1 validation error detected: Value '[]' at 'targets' failed to satisfy constraint: Member must have "
        "length greater than or equal to 1");
    const auto long_target = refusal<api::iot::CreateJob>(ask("PUT", "/jobs/j", R"({"targets":["a",")" + std::string(2049, 'x') + "\"]}"));
    EXPECT_NE(long_target.find("at 'targets' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less "
                               "than or equal to 2048]"),
              std::string::npos)
        << long_target;
    EXPECT_NE(
        refusal<api::iot_jobs_data::UpdateJobExecution>(
            ask("POST", "/things/t/jobs/j", R"({"status":"FAILED","statusDetails":{"a b":"1"}})"))
            .find("Value '{a b=1}' at 'statusDetails' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have "
                  "length "
                  "less than or equal to 128, Member must have length greater than or equal to 1, Member must satisfy regular expression "
                  "pattern: [a-zA-Z0-9:_-]+]"),
        std::string::npos);
    EXPECT_NE(
        refusal<api::iot_jobs_data::UpdateJobExecution>(ask("POST", "/things/t/jobs/j", R"({"status":"FAILED","statusDetails":{"a":""}})"))
            .find("Map value must satisfy constraint: [Member must have length"),
        std::string::npos);
}

TEST(JsonInput, LengthIsCountedInCodePoints) {
    std::string description;
    for (int i = 0; i < 2028; ++i) description += "ü";
    EXPECT_TRUE(read<api::iot::CreateJob>(ask("PUT", "/jobs/j", R"({"targets":["a"],"description":")" + description + "\"}")));
    EXPECT_FALSE(read<api::iot::CreateJob>(ask("PUT", "/jobs/j", R"({"targets":["a"],"description":")" + description + "ü\"}")));
}

TEST(JsonInput, SecretsAreNotRepeatedInRefusals) {
    const auto text = refusal<api::acm::ImportCertificate>(
        with_target("ImportCertificate", R"({"Certificate":"YQ==","PrivateKey":")" + std::string(8000, 'A') + "\"}"));
    EXPECT_NE(text.find("Value at 'privateKey' failed to satisfy constraint: Member must have length less than or equal to 5120"),
              std::string::npos)
        << text;
    EXPECT_EQ(text.find("AAAA"), std::string::npos);
    EXPECT_EQ(text.find(std::string(100, '\0')), std::string::npos);
}

TEST(JsonInput, ABodyThatIsNoJsonIsTold) {
    EXPECT_EQ(refusal<api::iot::CreateJob>(ask("PUT", "/jobs/j", "{\"targets\":")).substr(0, 26), "400 SerializationException");
    EXPECT_EQ(refusal<api::iot::CreateJob>(ask("PUT", "/jobs/j", "{} x")).substr(0, 26), "400 SerializationException");
    EXPECT_EQ(refusal<api::iot::CreateJob>(ask("PUT", "/jobs/j", "[]")).substr(0, 26), "400 SerializationException");
    EXPECT_EQ(refusal<api::iot::CreateJob>(ask("PUT", "/jobs/j", "{\"description\":\"\xFF\"}")).substr(0, 26),
              "400 SerializationException");
    EXPECT_EQ(refusal<api::iot::CreateJob>(ask("PUT", "/jobs/j", std::string(100000, '['))).substr(0, 26), "400 SerializationException");
    EXPECT_EQ(refusal<api::iot_jobs_data::UpdateJobExecution>(ask("POST", "/things/t/jobs/j", "nonsense")).substr(0, 28),
              "400 InvalidRequestException:");
    EXPECT_EQ(refusal<api::acm::DescribeCertificate>(with_target("DescribeCertificate", "\"x\"")).substr(0, 26),
              "400 SerializationException");
}

TEST(JsonInput, AValueOfTheWrongTypeIsTold) {
    EXPECT_EQ(refusal<api::iot::CreateJob>(ask("PUT", "/jobs/j", R"({"targets":"arn"})")),
              "400 SerializationException: STRING_VALUE can not be converted to a List (JobTargets)");
    for (const auto body : {R"({"targets":[1]})", R"({"targets":["a"],"description":5})", R"({"targets":["a"],"presignedUrlConfig":[]})",
                            R"({"targets":["a"],"presignedUrlConfig":{"expiresInSec":true}})",
                            R"({"targets":["a"],"presignedUrlConfig":{"expiresInSec":60.5}})",
                            R"({"targets":["a"],"presignedUrlConfig":{"expiresInSec":"soon"}})",
                            R"({"targets":["a"],"presignedUrlConfig":{"expiresInSec":99999999999999999999}})",
                            R"({"targets":["a"],"documentParameters":{"a":{}}})"})
        EXPECT_EQ(refusal<api::iot::CreateJob>(ask("PUT", "/jobs/j", body)).substr(0, 26), "400 SerializationException") << body;
}

TEST(JsonInput, AQueryMemberIsAlsoTakenFromTheBodyAndTheQueryWins) {
    EXPECT_EQ(read<api::iot::CancelJob>(ask("PUT", "/jobs/j/cancel", R"({"force":true,"reasonCode":"X"})"))->force, true);
    EXPECT_EQ(read<api::iot::CancelJob>(ask("PUT", "/jobs/j/cancel?force=false", R"({"force":true})"))->force, false);
    EXPECT_EQ(read<api::iot::CancelJob>(ask("PUT", "/jobs/j/cancel"))->force, std::nullopt);
}

TEST(JsonInput, RepeatedQueryMembersMakeAList) {
    const auto in = read<api::signer::UntagResource>(ask("DELETE", "/tags/arn%3Ax?tagKeys=a&tagKeys=b"));
    ASSERT_TRUE(in) << in.error().message;
    EXPECT_EQ(in->tag_keys, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(in->resource_arn, "arn:x");
}

TEST(JsonInput, ABlobPayloadIsTheBodyAsItCame) {
    const std::string bytes("\x00{not json\xFF", 11);
    const auto in = read<api::iot_data::Publish>(
        ask("POST", "/topics/a/b?qos=1&retain=true", bytes, Headers{{"x-amz-mqtt5-user-properties", "W3siayI6InYifV0="}}));
    ASSERT_TRUE(in) << in.error().message;
    EXPECT_EQ(in->payload, bytes);
    EXPECT_EQ(in->topic, "a/b");
    EXPECT_EQ(in->qos, 1);
    EXPECT_EQ(in->user_properties, R"([{"k":"v"}])");
    EXPECT_NE(refusal<api::iot_data::Publish>(ask("POST", "/topics/a", "", Headers{{"x-amz-mqtt5-user-properties", "***"}})), "accepted");
}

TEST(JsonInput, BlobsAreBase64) {
    const auto in = read<api::acm::ImportCertificate>(with_target("ImportCertificate", R"({"Certificate":"YWI=","PrivateKey":"YWI"})"));
    ASSERT_TRUE(in) << in.error().message;
    EXPECT_EQ(in->certificate, "ab");
    EXPECT_EQ(in->private_key, "ab");
    EXPECT_EQ(
        refusal<api::acm::ImportCertificate>(with_target("ImportCertificate", R"({"Certificate":"*","PrivateKey":"YWI="})")).substr(0, 26),
        "400 SerializationException");
}

TEST(JsonInput, TimesInQueriesAreIso8601) {
    const auto in = read<api::signer::ListSigningJobs>(ask("GET", "/signing-jobs?signatureExpiresBefore=2025-06-28T12%3A00%3A00Z"));
    ASSERT_TRUE(in) << in.error().message;
    EXPECT_EQ(in->signature_expires_before, from_millis(1751112000000));
    EXPECT_NE(refusal<api::signer::ListSigningJobs>(ask("GET", "/signing-jobs?signatureExpiresBefore=soon")), "accepted");
}

TEST(JsonOutput, LeavesOutWhatIsAbsentAndWritesTimesAsSeconds) {
    api::iot::DescribeJobResponse out;
    out.job.emplace();
    out.job->job_id = "j";
    out.job->created_at = from_millis(1486687079743);
    out.job->targets = std::vector<std::string>{"a", "b\n\"\\\x01ü\xFF"};
    out.job->force_canceled = false;
    const Response response = encode_output(row<api::iot::DescribeJob>(), &out, "id-1");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.headers.value("x-amzn-RequestId"), "id-1");
    EXPECT_EQ(response.headers.value("Content-Type"), "application/json");
    EXPECT_EQ(response.body,
              "{\"job\":{\"jobId\":\"j\",\"forceCanceled\":false,\"targets\":[\"a\",\"b\\n\\\"\\\\\\u0001ü\xEF\xBF\xBD\"],\"createdAt\":"
              "1486687079.743}}");
}

TEST(JsonOutput, AnOperationWithoutAnOutputAnswersAnEmptyObjectAndAcmNothing) {
    api::iot_data::GetThingShadowResponse shadow;
    shadow.payload = "{\"state\":{}}";
    EXPECT_EQ(encode_output(row<api::iot_data::GetThingShadow>(), &shadow, "i").body, "{\"state\":{}}");
    api::Nothing nothing;
    EXPECT_EQ(encode_output(row<api::iot::DeleteJob>(), &nothing, "i").body, "{}");
    const Response acm = encode_output(row<api::acm::DeleteCertificate>(), &nothing, "i");
    EXPECT_EQ(acm.body, "");
    EXPECT_EQ(acm.headers.value("Content-Type"), "application/x-amz-json-1.1");
}

TEST(JsonError, CarriesItsNameInTheHeaderAndItsMembersInTheBody) {
    const ServiceRow& iot = *find_service("iot");
    const Response response = encode_error(iot, {"ResourceAlreadyExistsException", 409, "Job j exists.", {{"resourceId", "j"}}, {}}, "id");
    EXPECT_EQ(response.status, 409);
    EXPECT_EQ(response.headers.value("x-amzn-ErrorType"), "ResourceAlreadyExistsException");
    EXPECT_EQ(response.body, R"({"message":"Job j exists.","resourceId":"j"})");
    const ServiceError read_back = decode_error(row<api::iot::CreateJob>(), response);
    EXPECT_EQ(read_back.code, "ResourceAlreadyExistsException");
    EXPECT_EQ(read_back.message, "Job j exists.");
    EXPECT_EQ(read_back.fields.at(0).second, "j");
}

TEST(JsonError, OfEachServiceHasItsOwnMembers) {
    const ServiceError error{"ValidationException", 400, "m", {}, {}};
    EXPECT_EQ(encode_error(*find_service("signer"), error, "id").body, R"({"message":"m","code":"ValidationException"})");
    EXPECT_EQ(encode_error(*find_service("iot-data"), error, "id").body, R"({"message":"m","traceId":"id"})");
    EXPECT_EQ(encode_error(*find_service("acm"), error, "id").body, R"({"__type":"ValidationException","message":"m"})");
    EXPECT_EQ(encode_error(*find_service("acm"), {"AccessDeniedException", 400, "m", {}, {}}, "id").body,
              R"({"__type":"AccessDeniedException","Message":"m"})");
}

TEST(JsonError, IsReadInEveryFormThatAwsWrites) {
    const auto& operation = row<api::iot::CreateJob>();
    Response response;
    response.status = 400;
    response.headers.add("X-Amzn-ErrorType", "ThrottlingException:http://internal.amazon.com/coral/");
    response.body = R"({"Message":"Rate exceeded"})";
    EXPECT_EQ(decode_error(operation, response).code, "ThrottlingException");
    EXPECT_EQ(decode_error(operation, response).message, "Rate exceeded");
    response.headers.remove("x-amzn-errortype");
    response.body = R"({"__type":"com.amazon.coral#ValidationException","message":"m"})";
    EXPECT_EQ(decode_error(operation, response).code, "ValidationException");
    response.body = R"({"code":"X","__type":"Y"})";
    EXPECT_EQ(decode_error(operation, response).code, "X");
    response.body = "<html>502</html>";
    EXPECT_EQ(decode_error(operation, response).code, "400");
    EXPECT_FALSE(decode_error(operation, response).message.empty());
}

TEST(JsonClient, RefusesAnAnswerThatItCannotRead) {
    Response response;
    response.body = "{\"things\":[{\"version\":\"x\"}]}";
    const auto out = decode<api::iot::ListThings>(response);
    ASSERT_FALSE(out);
    EXPECT_EQ(out.error().code, "UnreadableAnswer");
    response.body = "{\"things\":[{\"thingName\":\"" + std::string(500, '*') + "\"}]}";  // not the client's business
    EXPECT_TRUE(decode<api::iot::ListThings>(response));
}

}  // namespace
}  // namespace otabahn::awsapi

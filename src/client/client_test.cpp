// SPDX-License-Identifier: Apache-2.0
// The client against a real server of ours, over a real socket, and what it says when things go wrong.
#include "client/client.hpp"

#include "api/iam.hpp"
#include "api/iot.hpp"
#include "api/signer.hpp"
#include "client/advice.hpp"
#include "client/retry.hpp"
#include "http/loopback_fixture.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

namespace otabahn::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Calls : public http::Loopback {
  protected:
    void SetUp() override {
        operations.bind<api::iot::DescribeThing>(
            [this](const awsapi::Caller&, const api::iot::DescribeThingRequest& in) -> awsapi::Outcome<api::iot::DescribeThingResponse> {
                ++tries;
                if (in.thing_name == "nobody") return awsapi::service_fail("ResourceNotFoundException", 404, "Thing nobody not found.");
                if (tries <= fail_first) return awsapi::service_fail(failing_code, failing_status, "Not now.");
                api::iot::DescribeThingResponse out;
                out.thing_name = in.thing_name;
                return out;
            });
        operations.bind<api::iot::CreateThing>(
            [this](const awsapi::Caller&, const api::iot::CreateThingRequest& in) -> awsapi::Outcome<api::iot::CreateThingResponse> {
                ++tries;
                if (tries <= fail_first) return awsapi::service_fail(failing_code, failing_status, "Not now.");
                api::iot::CreateThingResponse out;
                out.thing_name = in.thing_name;
                return out;
            });
        start();
    }
    Client client(std::string secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY") {
        Settings settings;
        settings.credentials = {std::string(key_id), std::move(secret), ""};
        settings.credentials_from = "the test";
        settings.region = "eu-west-1";
        settings.endpoint_url = "http://127.0.0.1:" + std::to_string(port);
        Client made(std::move(settings));
        made.set_clock([this] { return clock.now(); });
        made.set_pause([this](std::chrono::milliseconds pause) { pauses.push_back(pause.count()); });
        return made;
    }

    int tries = 0, fail_first = 0, failing_status = 503;
    std::string failing_code = "ServiceUnavailableException";
    std::vector<long> pauses;
};

TEST_F(Calls, ATypedCallGoesThereAndBack) {
    Client aws = client();
    const auto thing = aws.call<api::iot::DescribeThing>({.thing_name = "lamp:1"});
    ASSERT_TRUE(thing) << thing.error().message;
    EXPECT_EQ(thing->thing_name, "lamp:1");
    const auto list = aws.call<api::iot::ListThings>({});
    ASSERT_TRUE(list);
    EXPECT_EQ(list->next_token, "arn:aws:iot:eu-west-1:123456789012:caller");
}

TEST_F(Calls, ARefusalKeepsTheServicesCodeAndNamesCallAndEndpoint) {
    Client aws = client();
    const auto thing = aws.call<api::iot::DescribeThing>({.thing_name = "nobody"});
    ASSERT_FALSE(thing);
    EXPECT_EQ(thing.error().code, "ResourceNotFoundException");
    EXPECT_EQ(thing.error().status, 404);
    EXPECT_EQ(thing.error().message,
              "Thing nobody not found. (iot DescribeThing at http://127.0.0.1:" + std::to_string(port) + ", status 404)");
    EXPECT_THAT(pauses, ElementsAre());
}

TEST_F(Calls, AWrongSecretIsToldWhereTheKeyCameFrom) {
    Client aws = client("wrong");
    const auto list = aws.call<api::iot::ListThings>({});
    ASSERT_FALSE(list);
    EXPECT_EQ(list.error().code, "InvalidSignatureException");
    EXPECT_THAT(list.error().message, HasSubstr("The access key AKIAIOSFODNN7EXAMPLE comes from the test."));
}

TEST_F(Calls, AWrongClockIsToldSo) {
    Client aws = client();
    aws.set_clock([this] { return clock.now() - std::chrono::hours(1); });
    const auto list = aws.call<api::iot::ListThings>({});
    ASSERT_FALSE(list);
    EXPECT_THAT(list.error().message, HasSubstr("Set this machine's clock"));
}

TEST_F(Calls, AServerThatIsAwayForAMomentIsAskedAgain) {
    fail_first = 2;
    Client aws = client();
    EXPECT_TRUE(aws.call<api::iot::DescribeThing>({.thing_name = "lamp"}));
    EXPECT_EQ(tries, 3);
    EXPECT_THAT(pauses, ElementsAre(200, 400));
}

TEST_F(Calls, AServerThatStaysAwayIsGivenUp) {
    fail_first = 100;
    Client aws = client();
    const auto thing = aws.call<api::iot::DescribeThing>({.thing_name = "lamp"});
    ASSERT_FALSE(thing);
    EXPECT_EQ(thing.error().status, 503);
    EXPECT_EQ(tries, most_attempts);
}

TEST_F(Calls, WhatMayHaveBeenDoneIsNotDoneTwice) {
    fail_first = 1;
    Client aws = client();
    EXPECT_FALSE(aws.call<api::iot::CreateThing>({.thing_name = "lamp"}));
    EXPECT_EQ(tries, 1);
}

TEST_F(Calls, WhatWasThrottledWasNotDoneAndIsRepeated) {
    fail_first = 1;
    failing_code = "ThrottlingException";
    failing_status = 400;
    Client aws = client();
    EXPECT_TRUE(aws.call<api::iot::CreateThing>({.thing_name = "lamp"}));
    EXPECT_EQ(tries, 2);
}

TEST_F(Calls, AFileIsUploadedWithItsHashAndProgress) {
    const std::filesystem::path file = std::filesystem::path(testing::TempDir()) / ("client-upload-" + std::to_string(::getpid()));
    std::string content;
    for (int i = 0; i < 400'000; ++i) content += std::to_string(i);
    std::ofstream(file, std::ios::binary) << content;
    Client aws = client();
    std::uint64_t last = 0, total = 0;
    const auto put = aws.put_object({.bucket = "bucket", .key = "dir/a key"}, file, [&](std::uint64_t sent, std::uint64_t of) {
        EXPECT_GT(sent, last);
        last = sent;
        total = of;
    });
    std::filesystem::remove(file);
    ASSERT_TRUE(put) << put.error().message;
    EXPECT_EQ(put->etag, "\"etag\"");
    EXPECT_EQ(object.bytes, content);
    EXPECT_EQ(object.request.key, "dir/a key");
    EXPECT_EQ(last, content.size());
    EXPECT_EQ(total, content.size());
}

TEST_F(Calls, AFileThatIsNotThereIsRefusedByName) {
    Client aws = client();
    const auto put = aws.put_object({.bucket = "b", .key = "k"}, "/no/such/file", nullptr);
    ASSERT_FALSE(put);
    EXPECT_THAT(put.error().message, HasSubstr("/no/such/file"));
    EXPECT_EQ(object.begun, 0);
}

TEST_F(Calls, AnUploadThatIsRefusedSaysWhy) {
    Client aws = client();
    const auto put = aws.put_object_bytes({.bucket = "missing", .key = "k"}, "bytes");
    ASSERT_FALSE(put);
    EXPECT_EQ(put.error().code, "NoSuchBucket");
    EXPECT_EQ(put.error().status, 404);
}

TEST_F(Calls, BytesGoUpAndComeBack) {
    Client aws = client();
    ASSERT_TRUE(aws.put_object_bytes({.bucket = "bucket", .content_type = "application/json", .key = "k"}, "{}"));
    EXPECT_EQ(object.bytes, "{}");
    EXPECT_EQ(object.request.content_type, "application/json");
    EXPECT_EQ(aws.get_object({.bucket = "bucket", .key = "k"}).value(), "bucket k");
    EXPECT_EQ(aws.get_object({.bucket = "bucket", .key = "missing"}).error().code, "NoSuchKey");
    EXPECT_EQ(aws.call<api::s3::HeadObject>({.bucket = "bucket", .key = "missing"}).error().status, 404);
    EXPECT_EQ(aws.call<api::s3::HeadObject>({.bucket = "bucket", .key = "k"}).value().content_length, 12345);
}

TEST_F(Calls, TheServerSaysWhoItIs) {
    const auto found = client().find_server();
    ASSERT_TRUE(found);
    ASSERT_TRUE(*found);
    EXPECT_EQ((*found)->account, "123456789012");
}

TEST_F(Calls, AnEndpointWithoutAServerIsSaidAtOnceWithWhatToDo) {
    Client aws = client();
    stop();
    const auto list = aws.call<api::iot::ListThings>({});
    ASSERT_FALSE(list);
    EXPECT_EQ(list.error().code, unreachable);
    EXPECT_THAT(list.error().message, HasSubstr("Is `otabahn serve` running there?"));
    EXPECT_THAT(list.error().message, HasSubstr("iot ListThings could not be done at http://127.0.0.1:" + std::to_string(port)));
    EXPECT_THAT(pauses, ElementsAre());
    const auto found = aws.find_server();
    ASSERT_FALSE(found);
    EXPECT_THAT(found.error().message, HasSubstr("otabahn serve"));
}

TEST(AwsItself, IsNotAskedWhoItIs) {
    Settings settings;
    settings.region = "eu-west-1";
    const auto server = Client(settings).find_server();
    ASSERT_TRUE(server);
    EXPECT_FALSE(*server);
}

TEST(Retries, AreForWhatPassesAndForWhatMayBeDoneTwice) {
    const auto fault = [](std::string code, int status) { return awsapi::ServiceError{std::move(code), status, "", {}, {}}; };
    const auto& list = awsapi::row<api::iot::ListThings>();
    const auto& create = awsapi::row<api::iot::CreateThing>();
    const auto& put = awsapi::row<api::s3::PutObject>();
    const auto& sign = awsapi::row<api::signer::StartSigningJob>();
    const auto& role = awsapi::row<api::iam::CreateRole>();
    EXPECT_TRUE(may_retry(list, fault("InternalFailureException", 500)));
    EXPECT_TRUE(may_retry(put, fault("InternalError", 500)));
    EXPECT_TRUE(may_retry(sign, fault(std::string(broken_off), 0)));
    EXPECT_TRUE(may_retry(role, fault("Throttling", 400)));
    EXPECT_FALSE(may_retry(role, fault("ServiceFailure", 500)));
    EXPECT_FALSE(may_retry(create, fault(std::string(broken_off), 0)));
    EXPECT_FALSE(may_retry(list, fault("NotImplementedException", 501)));
    EXPECT_FALSE(may_retry(list, fault("ResourceNotFoundException", 404)));
    EXPECT_FALSE(may_retry(list, fault(std::string(unreachable), 0)));
}

TEST(Advice, SaysWhatToDoNext) {
    Settings settings;
    settings.credentials.access_key_id = "AK";
    settings.credentials_from = "profile 'ci'";
    Endpoint local, aws;
    aws.is_aws = true;
    EXPECT_THAT(advice({"InvalidClientTokenId", 403, "", {}, {}}, local, settings), HasSubstr("otabahn env"));
    EXPECT_THAT(advice({"InvalidClientTokenId", 403, "", {}, {}}, aws, settings), HasSubstr("--endpoint-url"));
    EXPECT_THAT(advice({"AccessDeniedException", 403, "", {}, {}}, aws, settings), HasSubstr("AK comes from profile 'ci'"));
    EXPECT_EQ(advice({"ResourceNotFoundException", 404, "", {}, {}}, aws, settings), "");
    EXPECT_THAT(advice(TransferFault::tls, local), HasSubstr("AWS_CA_BUNDLE"));
    EXPECT_THAT(advice(TransferFault::unresolved, aws), HasSubstr("region's name"));
}

}  // namespace
}  // namespace otabahn::client

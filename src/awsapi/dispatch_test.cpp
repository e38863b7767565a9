// SPDX-License-Identifier: Apache-2.0
#include "awsapi/dispatch.hpp"

#include "api/iot.hpp"
#include "api/s3.hpp"
#include "awsapi/compatibility.hpp"

#include <gtest/gtest.h>

namespace otabahn::awsapi {
namespace {

const Caller caller{
    {AccountId::trusted("000000000000"), Region::trusted("us-east-1")}, "arn:aws:iam::000000000000:root", {}, {}, {}, {}, true};

Request ask(std::string method, std::string_view target, std::string body = {}) {
    Request request;
    request.method = std::move(method);
    set_target(request, target);
    request.body = std::move(body);
    return request;
}

class TextSource final : public BodySource {
  public:
    explicit TextSource(std::string text) : text_(std::move(text)) {}
    std::uint64_t size() const override { return text_.size(); }
    Result<std::size_t> read(std::span<std::uint8_t> out) override {
        const std::size_t count = std::min(out.size(), text_.size());
        std::copy_n(text_.begin(), count, out.begin());
        text_.erase(0, count);
        return count;
    }

  private:
    std::string text_;
};

class Counting final : public Upload<api::s3::PutObjectOutput> {
  public:
    Outcome<void> write(ByteView bytes) override {
        written_ += bytes.size();
        return {};
    }
    Outcome<api::s3::PutObjectOutput> finish() override {
        if (written_ == 0) return service_fail("EntityTooSmall", 400, "nothing came");
        api::s3::PutObjectOutput out;
        out.etag = "\"" + std::to_string(written_) + "\"";
        return out;
    }

  private:
    std::size_t written_ = 0;
};

class Dispatch : public ::testing::Test {
  protected:
    Dispatch() {
        operations_.bind<api::iot::CreateThing>(
            [](const Caller& who, const api::iot::CreateThingRequest& in) -> Outcome<api::iot::CreateThingResponse> {
                if (in.thing_name == "taken")
                    return service_fail("ResourceAlreadyExistsException", 409, "It exists.", {{"resourceId", "taken"}});
                api::iot::CreateThingResponse out;
                out.thing_arn = who.scope.arn("iot", "thing/" + in.thing_name);
                return out;
            });
        operations_.bind_upload<api::s3::PutObject>(
            [](const Caller&, const api::s3::PutObjectRequest& in) -> Outcome<std::unique_ptr<Upload<api::s3::PutObjectOutput>>> {
                if (in.bucket == "none") return service_fail("NoSuchBucket", 404, "no bucket");
                return std::unique_ptr<Upload<api::s3::PutObjectOutput>>(std::make_unique<Counting>());
            });
        operations_.bind_download<api::s3::GetObject>(
            [](const Caller&, const api::s3::GetObjectRequest& in) -> Outcome<Download<api::s3::GetObjectOutput>> {
                if (in.key == "none") return service_fail("NoSuchKey", 404, "no key");
                Download<api::s3::GetObjectOutput> out;
                out.head.etag = "\"e\"";
                out.body = std::make_unique<TextSource>("hello");
                out.status = in.range ? 206 : 200;
                return out;
            });
        operations_.bind_download<api::s3::HeadObject>(
            [](const Caller&, const api::s3::HeadObjectRequest&) -> Outcome<Download<api::s3::HeadObjectOutput>> {
                Download<api::s3::HeadObjectOutput> out;
                out.body = std::make_unique<TextSource>("hello");
                return out;
            });
    }

    Prepared prepare_for(std::string_view service, const Request& request) {
        return prepare(operations_, *find_service(service), request, "id");
    }
    Response refused(std::string_view service, const Request& request) {
        Prepared prepared = prepare_for(service, request);
        EXPECT_TRUE(std::holds_alternative<Response>(prepared));
        return std::get<Response>(std::move(prepared));
    }

    Operations operations_;
};

TEST_F(Dispatch, APlainCallIsDecodedRunAndEncoded) {
    const auto prepared = prepare_for("iot", ask("POST", "/things/t", "{}"));
    const Response response = run(std::get<PlainCall>(prepared), caller);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, R"({"thingArn":"arn:aws:iot:us-east-1:000000000000:thing/t"})");
    EXPECT_EQ(response.headers.value("x-amzn-requestid"), "id");
}

TEST_F(Dispatch, AHandlersRefusalIsPutIntoItsEnvelope) {
    const auto prepared = prepare_for("iot", ask("POST", "/things/taken"));
    const Response response = run(std::get<PlainCall>(prepared), caller);
    EXPECT_EQ(response.status, 409);
    EXPECT_EQ(response.headers.value("x-amzn-ErrorType"), "ResourceAlreadyExistsException");
    EXPECT_EQ(response.body, R"({"message":"It exists.","resourceId":"taken"})");
}

TEST_F(Dispatch, AnUnboundOperationAnswers501WithItsName) {
    const Response in_scope = refused("iot", ask("DELETE", "/things/t"));
    EXPECT_EQ(in_scope.status, 501);
    EXPECT_EQ(in_scope.headers.value("x-amzn-ErrorType"), "NotImplementedException");
    EXPECT_NE(in_scope.body.find("iot DeleteThing"), std::string::npos);
    const Response outside = refused("iot", ask("GET", "/authorizers/"));
    EXPECT_EQ(outside.status, 501);
    EXPECT_NE(outside.body.find("ListAuthorizers"), std::string::npos);
    const Response s3 = refused("s3", ask("GET", "/b?website"));
    EXPECT_EQ(s3.status, 501);
    EXPECT_NE(s3.body.find("<Code>NotImplemented</Code>"), std::string::npos);
    EXPECT_NE(s3.body.find("GetBucketWebsite"), std::string::npos);
    const Response iam = refused("iam", ask("POST", "/", "Action=CreateGroup&Version=2010-05-08"));
    EXPECT_EQ(iam.status, 501);
    EXPECT_NE(iam.body.find("CreateGroup"), std::string::npos);
    Request acm = ask("POST", "/", "{}");
    acm.headers.add("X-Amz-Target", "CertificateManager.RequestCertificate");
    EXPECT_EQ(refused("acm", acm).status, 501);
}

TEST_F(Dispatch, EveryOperationOfEveryModelHasAnAnswerThatNamesIt) {
    const Operations nothing;
    int asked = 0;
    for (const ServiceRow* const service : services())
        for (const OperationRow& operation : service->operations) {
            if (service->family != Family::query && service->family != Family::json_1_1) continue;
            Request request = ask("POST", "/", "Action=" + std::string(operation.name) + "&Version=" + std::string(service->api_version));
            request.headers.add("X-Amz-Target", std::string(service->target_prefix) + "." + std::string(operation.name));
            const Prepared prepared = prepare(nothing, *service, request, "id");
            const Response& response = std::get<Response>(prepared);
            EXPECT_EQ(response.status, 501);
            EXPECT_NE(response.body.find(operation.name), std::string::npos);
            ++asked;
        }
    EXPECT_EQ(asked, 17 + 176 + 11);
}

TEST_F(Dispatch, WhatTheModelForbidsNeverReachesTheHandler) {
    const Response response = refused("iot", ask("POST", "/things/a%20b"));
    EXPECT_EQ(response.status, 400);
    EXPECT_EQ(response.headers.value("x-amzn-ErrorType"), "InvalidRequestException");
    EXPECT_EQ(refused("iot", ask("GET", "/nothing")).status, 404);
    const Response head = refused("s3", ask("HEAD", "/"));
    EXPECT_EQ(head.status, 405);
    EXPECT_EQ(head.body, "");
}

TEST_F(Dispatch, AnUploadIsWrittenThenFinished) {
    Request head = ask("PUT", "/b/k");
    EXPECT_TRUE(streams_body(operations_, *find_service("s3"), head));
    const auto prepared = prepare_for("s3", head);
    const auto& call = std::get<UploadCall>(prepared);
    auto upload = begin(call, caller);
    ASSERT_TRUE(upload);
    ASSERT_TRUE((*upload)->write(as_bytes("abc")));
    ASSERT_TRUE((*upload)->write(as_bytes("de")));
    const Response response = finish(call, **upload);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.headers.value("ETag"), "\"5\"");
}

TEST_F(Dispatch, AnUploadMayBeRefusedAtEitherEnd) {
    const auto prepared = prepare_for("s3", ask("PUT", "/none/k"));
    const auto& call = std::get<UploadCall>(prepared);
    const auto upload = begin(call, caller);
    ASSERT_FALSE(upload);
    EXPECT_EQ(refuse(call, upload.error()).status, 404);
    const auto empty = prepare_for("s3", ask("PUT", "/b/k"));
    auto begun = begin(std::get<UploadCall>(empty), caller);
    ASSERT_TRUE(begun);
    EXPECT_EQ(finish(std::get<UploadCall>(empty), **begun).status, 400);
}

TEST_F(Dispatch, OnlyUploadsLeaveTheirBodyOnTheConnection) {
    EXPECT_FALSE(streams_body(operations_, *find_service("s3"), ask("PUT", "/b")));
    EXPECT_FALSE(streams_body(operations_, *find_service("s3"), ask("GET", "/b/k")));
    EXPECT_FALSE(streams_body(operations_, *find_service("s3"), ask("PATCH", "/b/k")));
    EXPECT_FALSE(streams_body(operations_, *find_service("iot"), ask("POST", "/things/t")));
    EXPECT_FALSE(streams_body(operations_, *find_service("iam"), ask("POST", "/")));
}

TEST_F(Dispatch, ADownloadHandsItsSourceOverAndAHeadDoesNot) {
    Request get = ask("GET", "/b/k");
    get.headers.add("Range", "bytes=0-4");
    Response response = run(std::get<DownloadCall>(prepare_for("s3", get)), caller);
    EXPECT_EQ(response.status, 206);
    ASSERT_NE(response.source, nullptr);
    EXPECT_EQ(response.source->size(), 5U);
    EXPECT_EQ(run(std::get<DownloadCall>(prepare_for("s3", ask("HEAD", "/b/k"))), caller).source, nullptr);
    const Response missing = run(std::get<DownloadCall>(prepare_for("s3", ask("GET", "/b/none"))), caller);
    EXPECT_EQ(missing.status, 404);
    EXPECT_EQ(missing.source, nullptr);
}

TEST(InternalFailure, IsA500InEachServicesWord) {
    for (const ServiceRow* const service : services()) EXPECT_EQ(internal_failure(*service).status, 500) << service->name;
    EXPECT_EQ(internal_failure(*find_service("signer")).code, "InternalServiceErrorException");
    EXPECT_EQ(internal_failure(*find_service("s3")).code, "InternalError");
}

TEST_F(Dispatch, TheCompatibilityTableTellsBoundFromUnbound) {
    const std::string table = compatibility_table(operations_);
    EXPECT_NE(table.find("| iot | 272 | 1 | 271 |"), std::string::npos) << table.substr(0, 600);
    EXPECT_NE(table.find("| s3 | 111 | 3 | 108 |"), std::string::npos);
    EXPECT_NE(table.find("## iot\n\nImplemented: CreateThing.\n"), std::string::npos);
    EXPECT_NE(table.find("Implemented: none.\n"), std::string::npos);
}

}  // namespace
}  // namespace otabahn::awsapi

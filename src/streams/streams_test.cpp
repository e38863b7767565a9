// SPDX-License-Identifier: Apache-2.0
// Streams on both engines: the REST operations, and what a device is told of the objects behind a stream.
#include "runtime/set_clock.hpp"
#include "streams/streams.hpp"

#include "access/sql.hpp"
#include "api/iam.hpp"
#include "api/iot.hpp"
#include "api/s3.hpp"
#include "blob/folder.hpp"
#include "bus/bus.hpp"
#include "objects/sql.hpp"
#include "store/store_suite.hpp"
#include "streams/sql.hpp"

#include <gtest/gtest.h>

#include <stdlib.h>

#include <filesystem>

namespace otabahn::streams {
namespace {

namespace iam = api::iam;
namespace iot = api::iot;
namespace s3 = api::s3;
using awsapi::Outcome;

const std::string trust =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"iot.amazonaws.com"},"Action":"sts:AssumeRole"}]})";
const std::string account = "000000000000";
const std::string role_arn = "arn:aws:iam::000000000000:role/ota";

class StreamsTest : public testing::TestWithParam<store::testing::TestEngine> {
  protected:
    StreamsTest() {
        bus_.on_change([this](const runtime::Change& change) {
            if (change.kind == runtime::ChangeKind::stream) announced_.push_back(change.scope.region.text() + "/" + change.key);
        });
        access_.bind_rest(operations_);
        objects_.bind_rest(operations_);
        streams_.bind_rest(operations_);
        make_role("ota", trust);
        allow("ota", R"(["s3:GetObject","s3:GetObjectVersion"])");
        EXPECT_TRUE(call<s3::CreateBucket>({.bucket = "firmware"}));
        put("firmware", "app.bin", std::string(600, 'x'));
    }
    ~StreamsTest() override { std::filesystem::remove_all(folder_); }

    static awsapi::Caller caller(const std::string& region = "us-east-1", bool root = true) {
        return {.scope = {AccountId::trusted(account), Region::trusted(region)},
                .arn = "arn:aws:iam::" + account + (root ? ":root" : ":user/nobody"),
                .user_id = account,
                .access_key_id = "AK",
                .source_ip = "127.0.0.1",
                .host = "localhost",
                .root = root};
    }
    template <class Op>
    Outcome<typename Op::Output> call(const typename Op::Input& in, const awsapi::Caller& who = caller()) {
        const auto* bound = operations_.find(Op::service, Op::name);
        if (bound == nullptr) throw std::runtime_error(std::string(Op::name) + " is not bound");
        auto out = bound->plain(who, &in);
        if (!out) return Unexpected(std::move(out).error());
        return *std::static_pointer_cast<typename Op::Output>(*out);
    }

    void make_role(const std::string& name, const std::string& document) {
        EXPECT_TRUE(call<iam::CreateRole>({.role_name = name, .assume_role_policy_document = document}));
    }
    void allow(const std::string& role, const std::string& actions) {
        EXPECT_TRUE(call<iam::PutRolePolicy>({.role_name = role,
                                              .policy_name = "read",
                                              .policy_document = R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":)" +
                                                                 actions + R"(,"Resource":"arn:aws:s3:::firmware/*"}]})"}));
    }
    objects::ObjectVersion put(const std::string& bucket, const std::string& key, std::string_view body) {
        clock_.pass(std::chrono::seconds(1));
        auto out = objects_.put(bucket, key, "application/octet-stream", body);
        if (!out) throw std::runtime_error(out.error().message);
        return *out;
    }
    static iot::StreamFile file(int id, const std::string& key = "app.bin", std::optional<std::string> version = {},
                                const std::string& bucket = "firmware") {
        return {.file_id = id, .s3_location = iot::S3Location{.bucket = bucket, .key = key, .version = std::move(version)}};
    }
    Outcome<iot::CreateStreamResponse> create(const std::string& id, std::vector<iot::StreamFile> files = {file(0)},
                                              const awsapi::Caller& who = caller()) {
        clock_.pass(std::chrono::milliseconds(1));
        return call<iot::CreateStream>(
            {.stream_id = id, .description = "demo", .files = std::move(files), .role_arn = role_arn, .tags = {}}, who);
    }
    Result<std::shared_ptr<const OpenStream>> load(const std::string& id, const std::string& region = "us-east-1") {
        return streams_.load(caller(region).scope, StreamId::trusted(id));
    }
    // The refusal of a stream's only file.
    std::optional<Error> refusal(const std::string& id) {
        const auto stream = load(id);
        if (!stream || (*stream)->files.size() != 1) throw std::runtime_error("no stream of one file: " + id);
        return (*stream)->files[0].refusal;
    }
    std::vector<std::string> list(std::optional<bool> ascending, std::optional<std::int32_t> size = {},
                                  std::optional<std::string> token = {}, std::string* next = nullptr) {
        auto out = call<iot::ListStreams>({.max_results = size, .next_token = std::move(token), .ascending_order = ascending});
        if (!out) return {out.error().code};
        std::vector<std::string> ids;
        for (const auto& stream : *out->streams) ids.push_back(*stream.stream_id);
        if (next != nullptr) *next = out->next_token.value_or("");
        return ids;
    }

    static std::filesystem::path make_folder() {
        std::string pattern = std::filesystem::temp_directory_path() / "otabahn-streams-XXXXXX";
        return mkdtemp(pattern.data());
    }
    std::filesystem::path folder_ = make_folder();
    std::unique_ptr<store::testing::TestStore> store_ =
        GetParam().open({{"access", access::sql::schema}, {"objects", objects::sql::schema}, {"streams", sql::schema}});
    std::unique_ptr<runtime::BlobStore> blobs_ = std::move(blob::open_folder(folder_ / "blobs")).value();
    bus::InProcessBus bus_;
    runtime::SetClock clock_{std::int64_t{1'750'000'000}};
    access::Access access_{**store_, bus_, clock_};
    objects::Objects objects_{**store_, *blobs_, bus_, clock_, access_};
    Streams streams_{**store_, bus_, clock_, objects_, access_};
    awsapi::Operations operations_;
    std::vector<std::string> announced_;
};
INSTANTIATE_TEST_SUITE_P(Engines, StreamsTest, testing::ValuesIn(store::testing::engines()), store::testing::engine_name);

#define EXPECT_REFUSED(outcome, expected_code, expected_status, words)                                  \
    do {                                                                                                \
        const auto refused_ = (outcome);                                                                \
        ASSERT_FALSE(refused_);                                                                         \
        EXPECT_EQ(refused_.error().code, expected_code);                                                \
        EXPECT_EQ(refused_.error().status, expected_status);                                            \
        EXPECT_NE(refused_.error().message.find(words), std::string::npos) << refused_.error().message; \
    } while (false)

TEST_P(StreamsTest, AStreamIsMadeDescribedUpdatedAndDeleted) {
    const auto made = create("S", {file(0), file(7, "other.bin", "V1")});
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->stream_arn, "arn:aws:iot:us-east-1:000000000000:stream/S");
    EXPECT_EQ(made->stream_version, 1);
    auto info = call<iot::DescribeStream>({.stream_id = "S"})->stream_info;
    ASSERT_TRUE(info);
    EXPECT_EQ(info->stream_version, 1);
    EXPECT_EQ(info->description, "demo");
    EXPECT_EQ(info->role_arn, role_arn);
    EXPECT_EQ(info->created_at, clock_.now());
    ASSERT_EQ(info->files->size(), 2U);
    EXPECT_FALSE((*info->files)[0].s3_location->version);
    EXPECT_EQ((*info->files)[1].s3_location->version, "V1");
    const auto created = clock_.now();

    clock_.pass(std::chrono::seconds(5));
    const auto updated = call<iot::UpdateStream>({.stream_id = "S", .description = "new", .files = {}, .role_arn = {}});
    ASSERT_TRUE(updated);
    EXPECT_EQ(updated->stream_version, 2);
    EXPECT_EQ(updated->description, "new");
    EXPECT_EQ(
        call<iot::UpdateStream>({.stream_id = "S", .description = {}, .files = std::vector{file(3)}, .role_arn = role_arn})->stream_version,
        3);
    info = call<iot::DescribeStream>({.stream_id = "S"})->stream_info;
    EXPECT_EQ(info->description, "new");
    ASSERT_EQ(info->files->size(), 1U);
    EXPECT_EQ((*info->files)[0].file_id, 3);
    EXPECT_EQ(info->created_at, created);
    EXPECT_EQ(info->last_updated_at, clock_.now());

    ASSERT_TRUE(call<iot::DeleteStream>({.stream_id = "S"}));
    EXPECT_REFUSED(call<iot::DescribeStream>({.stream_id = "S"}), "ResourceNotFoundException", 404, "Stream S not found");
    EXPECT_EQ(announced_, (std::vector<std::string>{"us-east-1/S", "us-east-1/S", "us-east-1/S", "us-east-1/S"}));
}

TEST_P(StreamsTest, TheSameNameInTwoRegionsIsTwoStreams) {
    ASSERT_TRUE(create("S"));
    EXPECT_REFUSED(create("S"), "ResourceAlreadyExistsException", 409, "already exists");
    ASSERT_TRUE(create("S", {file(0)}, caller("us-east-2")));
    ASSERT_TRUE(call<iot::DeleteStream>({.stream_id = "S"}, caller("us-east-2")));
    EXPECT_TRUE(call<iot::DescribeStream>({.stream_id = "S"}));
    EXPECT_FALSE(load("S", "us-east-2"));
}

TEST_P(StreamsTest, WhatIsNotThereIsResourceNotFound) {
    EXPECT_REFUSED(call<iot::DescribeStream>({.stream_id = "no"}), "ResourceNotFoundException", 404, "no");
    EXPECT_REFUSED(call<iot::UpdateStream>({.stream_id = "no", .description = "x", .files = {}, .role_arn = {}}),
                   "ResourceNotFoundException", 404, "no");
    EXPECT_REFUSED(call<iot::DeleteStream>({.stream_id = "no"}), "ResourceNotFoundException", 404, "no");
    EXPECT_EQ(load("no").error().code, ErrorCode::not_found);
    EXPECT_TRUE(announced_.empty());
}

TEST_P(StreamsTest, FilesAreWholeUniqueAndTenAtMost) {
    const auto refused = [&](iot::StreamFile bad, const char* words) {
        EXPECT_REFUSED(create("S", {file(0), std::move(bad)}), "InvalidRequestException", 400, words);
    };
    refused({.file_id = {}, .s3_location = file(0).s3_location}, "files[1].fileId is missing");
    refused({.file_id = 1, .s3_location = {}}, "files[1].s3Location is missing");
    refused({.file_id = 1, .s3_location = iot::S3Location{.bucket = {}, .key = "k", .version = {}}},
            "files[1].s3Location.bucket is missing");
    refused({.file_id = 1, .s3_location = iot::S3Location{.bucket = "b", .key = {}, .version = {}}}, "files[1].s3Location.key is missing");
    refused(file(0), "fileId 0 stands in two files");
    std::vector<iot::StreamFile> files;
    for (int i = 0; i < 11; ++i) files.push_back(file(i));
    EXPECT_REFUSED(create("S", files), "LimitExceededException", 410, "at most 10 files");
    files.pop_back();
    EXPECT_TRUE(create("S", files));
    EXPECT_REFUSED(call<iot::UpdateStream>({.stream_id = "S", .description = {}, .files = std::vector{file(1), file(1)}, .role_arn = {}}),
                   "InvalidRequestException", 400, "fileId 1");
    EXPECT_EQ(call<iot::DescribeStream>({.stream_id = "S"})->stream_info->stream_version, 1);
}

TEST_P(StreamsTest, TheRoleMustExistAndTrustTheService) {
    make_role(
        "deaf",
        R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]})");
    const auto with_role = [&](const std::string& arn) {
        return call<iot::CreateStream>({.stream_id = "S", .description = {}, .files = {file(0)}, .role_arn = arn, .tags = {}});
    };
    EXPECT_REFUSED(with_role("arn:aws:iam::000000000000:role/none"), "InvalidRequestException", 400, "has no role 'none'");
    EXPECT_REFUSED(with_role("arn:aws:iam::000000000000:role/deaf"), "InvalidRequestException", 400, "trust policy");
    EXPECT_REFUSED(with_role("arn:aws:iam::111111111111:role/ota"), "InvalidRequestException", 400, "111111111111");
    ASSERT_TRUE(create("S"));
    EXPECT_REFUSED(
        call<iot::UpdateStream>({.stream_id = "S", .description = {}, .files = {}, .role_arn = "arn:aws:iam::000000000000:role/deaf"}),
        "InvalidRequestException", 400, "trust policy");
}

TEST_P(StreamsTest, WhoMayNotIsToldSo) {
    const auto nobody = caller("us-east-1", false);
    EXPECT_REFUSED(create("S", {file(0)}, nobody), "AccessDeniedException", 403, "iot:CreateStream");
    EXPECT_REFUSED(call<iot::ListStreams>({}, nobody), "AccessDeniedException", 403, "iot:ListStreams");
    EXPECT_REFUSED(call<iot::DeleteStream>({.stream_id = "S"}, nobody), "AccessDeniedException", 403,
                   "iot:DeleteStream on resource: arn:aws:iot:us-east-1:000000000000:stream/S");
}

TEST_P(StreamsTest, WhoGivesAStreamItsRoleMustBeAllowedToPassIt) {
    make_role("builder", trust);
    const auto grant = [&](const std::string& statements) {
        EXPECT_TRUE(call<iam::PutRolePolicy>({.role_name = "builder",
                                              .policy_name = "p",
                                              .policy_document = R"({"Version":"2012-10-17","Statement":[)" + statements + "]}"}));
    };
    auto builder = caller("us-east-1", false);
    builder.arn = "arn:aws:sts::000000000000:assumed-role/builder/s";
    grant(R"({"Effect":"Allow","Action":"iot:*","Resource":"*"})");
    EXPECT_REFUSED(create("S", {file(0)}, builder), "AccessDeniedException", 403,
                   "iam:PassRole on resource: arn:aws:iam::000000000000:role/ota");
    grant(R"({"Effect":"Allow","Action":["iot:*","iam:PassRole"],"Resource":"*"})");
    EXPECT_TRUE(create("S", {file(0)}, builder));
}

TEST_P(StreamsTest, TagsAreRefusedRatherThanForgotten) {
    EXPECT_REFUSED(call<iot::CreateStream>({.stream_id = "S",
                                            .description = {},
                                            .files = {file(0)},
                                            .role_arn = role_arn,
                                            .tags = std::vector<iot::Tag>{{.key = "a", .value = "b"}}}),
                   "InvalidRequestException", 400, "Tags on streams");
}

TEST_P(StreamsTest, AListStandsNewestFirstUnlessAskedOtherwiseAndComesInPages) {
    for (const char* id : {"c", "a", "b", "e", "d"}) ASSERT_TRUE(create(id));
    EXPECT_EQ(list({}), (std::vector<std::string>{"d", "e", "b", "a", "c"}));
    EXPECT_EQ(list(true), (std::vector<std::string>{"c", "a", "b", "e", "d"}));
    for (const bool ascending : {false, true}) {
        std::vector<std::string> pages;
        std::string token;
        std::size_t calls = 0;
        do {
            for (auto& id : list(ascending, 2, token.empty() ? std::nullopt : std::optional(token), &token)) pages.push_back(id);
            ++calls;
        } while (!token.empty() && calls < 9);
        EXPECT_EQ(calls, 3U);
        EXPECT_EQ(pages, list(ascending));
    }
    for (const char* token : {"zz", "00", "", "6162", "20", "3120", "31202a", "782053"})
        EXPECT_EQ(list({}, {}, token), (std::vector<std::string>{"InvalidRequestException"})) << token;
    EXPECT_EQ(list({}, 0), (std::vector<std::string>{"InvalidRequestException"}));
    EXPECT_EQ(list({}, 251), (std::vector<std::string>{"InvalidRequestException"}));
}

TEST_P(StreamsTest, AnOpenStreamReadsItsObject) {
    ASSERT_TRUE(create("S"));
    const auto stream = load("S");
    ASSERT_TRUE(stream);
    EXPECT_EQ((*stream)->version, 1);
    EXPECT_EQ((*stream)->description, "demo");
    EXPECT_EQ((*stream)->role_name, "ota");
    const StreamFile& opened = (*stream)->files[0];
    ASSERT_FALSE(opened.refusal) << opened.refusal->message;
    EXPECT_EQ(opened.size, 600U);
    std::array<std::uint8_t, 1000> room{};
    EXPECT_EQ(opened.blob->read_at(100, room).value_or(0), 500U);
    EXPECT_EQ(room[0], 'x');
}

TEST_P(StreamsTest, AnObjectThatChangedSinceTheStreamWasMadeIsAnEtagMismatch) {
    ASSERT_TRUE(create("S"));
    put("firmware", "app.bin", std::string(600, 'x'));
    EXPECT_FALSE(refusal("S")) << "the same bytes have the same ETag";
    put("firmware", "app.bin", std::string(600, 'y'));
    ASSERT_TRUE(refusal("S"));
    EXPECT_EQ(refusal("S")->code, ErrorCode::conflict);
    EXPECT_NE(refusal("S")->message.find("s3://firmware/app.bin has changed"), std::string::npos);
    // Another role or description keeps the stream bound to the object; naming the files anew binds it anew.
    ASSERT_TRUE(call<iot::UpdateStream>({.stream_id = "S", .description = "x", .files = {}, .role_arn = {}}));
    EXPECT_TRUE(refusal("S"));
    ASSERT_TRUE(call<iot::UpdateStream>({.stream_id = "S", .description = {}, .files = std::vector{file(0)}, .role_arn = {}}));
    EXPECT_FALSE(refusal("S"));
}

TEST_P(StreamsTest, AnObjectThatComesLaterIsBoundWhenItIsFirstRead) {
    ASSERT_TRUE(create("S", {file(0, "later.bin")}));
    EXPECT_EQ(refusal("S")->code, ErrorCode::not_found);
    put("firmware", "later.bin", "one");
    EXPECT_FALSE(refusal("S"));
    put("firmware", "later.bin", "two");
    EXPECT_EQ(refusal("S")->code, ErrorCode::conflict);
}

TEST_P(StreamsTest, AVersionThatIsNamedIsReadWhateverCameAfterIt) {
    ASSERT_TRUE(call<s3::PutBucketVersioning>({.bucket = "firmware", .versioning_configuration = {.status = "Enabled"}}));
    const auto first = put("firmware", "app.bin", "first");
    put("firmware", "app.bin", "second!");
    ASSERT_TRUE(create("S", {file(0, "app.bin", first.version_id)}));
    const auto stream = load("S");
    ASSERT_FALSE((*stream)->files[0].refusal) << (*stream)->files[0].refusal->message;
    EXPECT_EQ((*stream)->files[0].size, 5U);
    ASSERT_TRUE(create("S2", {file(0, "app.bin", "no-such-version")}));
    EXPECT_EQ(refusal("S2")->code, ErrorCode::not_found);
}

TEST_P(StreamsTest, ARoleThatMayNotReadIsUnauthorizedAndSaysWhichOfTheTwoItWas) {
    ASSERT_TRUE(create("S"));
    allow("ota", R"("s3:PutObject")");
    ASSERT_TRUE(refusal("S"));
    EXPECT_EQ(refusal("S")->code, ErrorCode::access_denied);
    EXPECT_NE(refusal("S")->message.find("lacks s3:GetObject on arn:aws:s3:::firmware/app.bin"), std::string::npos)
        << refusal("S")->message;
    allow("ota", R"("s3:GetObject")");
    EXPECT_FALSE(refusal("S"));
    ASSERT_TRUE(create("versioned", {file(0, "app.bin", "null")}));
    EXPECT_EQ(refusal("versioned")->code, ErrorCode::access_denied);
    EXPECT_NE(refusal("versioned")->message.find("lacks s3:GetObjectVersion"), std::string::npos);

    ASSERT_TRUE(call<iam::UpdateAssumeRolePolicy>(
        {.role_name = "ota",
         .policy_document =
             R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]})"}));
    EXPECT_EQ(refusal("S")->code, ErrorCode::access_denied);
    EXPECT_NE(refusal("S")->message.find("trust policy"), std::string::npos);
}

TEST_P(StreamsTest, ABucketElsewhereOrMissingIsNotRead) {
    ASSERT_TRUE(create("S", {file(0)}, caller("us-east-2")));
    const auto stream = load("S", "us-east-2");
    ASSERT_TRUE((*stream)->files[0].refusal);
    EXPECT_EQ((*stream)->files[0].refusal->code, ErrorCode::not_found);
    EXPECT_NE((*stream)->files[0].refusal->message.find("both must be in one region"), std::string::npos);
    EXPECT_TRUE(call<iam::PutRolePolicy>(
        {.role_name = "ota",
         .policy_name = "all",
         .policy_document = R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]})"}));
    ASSERT_TRUE(create("S2", {file(0, "app.bin", {}, "no-such-bucket")}));
    EXPECT_EQ(refusal("S2")->code, ErrorCode::not_found);
}

TEST_P(StreamsTest, AFileOver24MbIsServedUnderExtendedQuotasOnly) {
    put("firmware", "full.bin", std::string(25'165'824, 'f'));
    put("firmware", "over.bin", std::string(25'165'825, 'f'));
    ASSERT_TRUE(create("full", {file(0, "full.bin")}));
    ASSERT_TRUE(create("over", {file(0, "over.bin")}));
    EXPECT_FALSE(refusal("full"));
    ASSERT_TRUE(refusal("over"));
    EXPECT_EQ(refusal("over")->code, ErrorCode::limit_exceeded);
    EXPECT_NE(refusal("over")->message.find("25165825 bytes"), std::string::npos);
    Streams extended(**store_, bus_, clock_, objects_, access_, true);
    EXPECT_FALSE((*extended.load(caller().scope, StreamId::trusted("over")))->files[0].refusal);
}

TEST_P(StreamsTest, OneUnreadableFileLeavesTheOthers) {
    ASSERT_TRUE(create("S", {file(0, "missing.bin"), file(1)}));
    const auto stream = load("S");
    ASSERT_TRUE(stream);
    EXPECT_TRUE((*stream)->files[0].refusal);
    EXPECT_FALSE((*stream)->files[1].refusal);
    EXPECT_EQ((*stream)->files[1].size, 600U);
}

TEST_P(StreamsTest, VersionsEndAt65535) {
    ASSERT_TRUE(create("S"));
    ASSERT_TRUE((*store_)->write([](runtime::SqlSession& session) -> Result<bool> {
        session.execute("UPDATE streams_stream SET version = 65535", {});
        return true;
    }));
    EXPECT_REFUSED(call<iot::UpdateStream>({.stream_id = "S", .description = "x", .files = {}, .role_arn = {}}), "LimitExceededException",
                   410, "65535");
    EXPECT_EQ((*load("S"))->version, 65535);
}

}  // namespace
}  // namespace otabahn::streams

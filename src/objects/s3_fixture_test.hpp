// SPDX-License-Identifier: Apache-2.0
// S3 on a fresh store of either engine and a folder of blobs, called as the front door calls it: by operation.
#pragma once

#include "access/sql.hpp"
#include "api/s3.hpp"
#include "blob/folder.hpp"
#include "bus/bus.hpp"
#include "objects/objects.hpp"
#include "objects/sql.hpp"
#include "runtime/set_clock.hpp"
#include "store/store_suite.hpp"

#include <gtest/gtest.h>

#include <stdlib.h>

#include <filesystem>
#include <string>
#include <vector>

namespace otabahn::objects {

namespace s3 = api::s3;

class S3Test : public testing::TestWithParam<store::testing::TestEngine> {
  protected:
    S3Test() {
        bus_.on_change([this](const runtime::Change& change) {
            if (change.kind == runtime::ChangeKind::object) announced_.push_back(change.key);
        });
        s3_.bind_rest(operations_);
    }
    ~S3Test() override { std::filesystem::remove_all(folder_); }

    static awsapi::Caller make_root(const std::string& account, const std::string& region) {
        return {.scope = {AccountId::trusted(account), Region::trusted(region)},
                .arn = "arn:aws:iam::" + account + ":root",
                .user_id = account,
                .access_key_id = "AK",
                .source_ip = "127.0.0.1",
                .host = "localhost",
                .root = true};
    }
    // Somebody whom no policy allows anything.
    static awsapi::Caller make_nobody() {
        auto out = make_root("000000000000", "us-east-1");
        out.arn = "arn:aws:iam::000000000000:user/nobody";
        out.root = false;
        return out;
    }

    template <class Op>
    Outcome<typename Op::Output> call(const typename Op::Input& in, const awsapi::Caller& caller = make_root("000000000000", "us-east-1")) {
        const auto* bound = operations_.find(Op::service, Op::name);
        if (bound == nullptr) throw std::runtime_error(std::string(Op::name) + " is not bound");
        auto out = bound->plain(caller, &in);
        if (!out) return Unexpected(std::move(out).error());
        return *std::static_pointer_cast<typename Op::Output>(*out);
    }

    // Bodies come in pieces.
    template <class Op>
    Outcome<typename Op::Output> upload(const typename Op::Input& in, std::string_view body,
                                        const awsapi::Caller& caller = make_root("000000000000", "us-east-1")) {
        auto begun = operations_.find(Op::service, Op::name)->upload(caller, &in);
        if (!begun) return Unexpected(std::move(begun).error());
        for (std::size_t at = 0; at < body.size(); at += piece)
            if (auto written = (*begun)->write(as_bytes(body.substr(at, piece))); !written) return Unexpected(std::move(written).error());
        auto out = (*begun)->finish();
        if (!out) return Unexpected(std::move(out).error());
        return *std::static_pointer_cast<typename Op::Output>(*out);
    }

    template <class Output>
    struct Downloaded {
        Output head;
        int status;
        std::string body;
        bool has_body;
    };
    template <class Op>
    Outcome<Downloaded<typename Op::Output>> download(const typename Op::Input& in,
                                                      const awsapi::Caller& caller = make_root("000000000000", "us-east-1")) {
        auto out = operations_.find(Op::service, Op::name)->download(caller, &in);
        if (!out) return Unexpected(std::move(out).error());
        Downloaded<typename Op::Output> done{
            *std::static_pointer_cast<typename Op::Output>(out->head), out->status, {}, out->body != nullptr};
        if (!out->body) return done;
        std::vector<std::uint8_t> buffer(1000);
        while (true) {
            const auto got = out->body->read(buffer);
            if (!got) throw std::runtime_error(got.error().message);
            if (*got == 0) break;
            done.body += as_text(ByteView(buffer).first(*got));
        }
        EXPECT_EQ(done.body.size(), out->body->size());
        return done;
    }

    void make_bucket(const std::string& name) { ASSERT_TRUE(call<s3::CreateBucket>({.bucket = name})); }
    void set_versioning(const std::string& bucket, const std::string& status) {
        ASSERT_TRUE(call<s3::PutBucketVersioning>({.bucket = bucket, .versioning_configuration = {.status = status}}));
    }
    s3::PutObjectOutput put(const std::string& bucket, const std::string& key, std::string_view body) {
        clock_.pass(std::chrono::seconds(1));
        auto out = upload<s3::PutObject>({.bucket = bucket, .key = key}, body);
        if (!out) throw std::runtime_error(out.error().message);
        return *out;
    }
    std::string get(const std::string& bucket, const std::string& key, std::optional<std::string> version = {}) {
        auto out = download<s3::GetObject>({.bucket = bucket, .key = key, .version_id = std::move(version)});
        return out ? out->body : out.error().code;
    }
    s3::DeleteObjectOutput remove(const std::string& bucket, const std::string& key, std::optional<std::string> version = {}) {
        clock_.pass(std::chrono::seconds(1));
        auto out = call<s3::DeleteObject>({.bucket = bucket, .key = key, .version_id = std::move(version)});
        if (!out) throw std::runtime_error(out.error().message);
        return *out;
    }
    std::size_t count_blobs() {
        std::size_t count = 0;
        EXPECT_TRUE(blobs_->visit([&](const std::string&, Timestamp) { ++count; }));
        return count;
    }

    static constexpr std::size_t piece = 700'000;
    static std::filesystem::path make_folder() {
        std::string pattern = std::filesystem::temp_directory_path() / "otabahn-s3-XXXXXX";
        return mkdtemp(pattern.data());
    }
    std::filesystem::path folder_ = make_folder();
    std::unique_ptr<store::testing::TestStore> store_ = GetParam().open({{"access", access::sql::schema}, {"objects", sql::schema}});
    std::unique_ptr<runtime::BlobStore> blobs_ = std::move(blob::open_folder(folder_ / "blobs")).value();
    bus::InProcessBus bus_;
    runtime::SetClock clock_{std::int64_t{1'750'000'000}};
    access::Access access_{**store_, bus_, clock_};
    std::vector<std::string> announced_;
    Objects s3_{**store_, *blobs_, bus_, clock_, access_};
    awsapi::Operations operations_;
};

#define EXPECT_REFUSED(outcome, expected_code, expected_status) \
    do {                                                        \
        const auto refused_ = (outcome);                        \
        ASSERT_FALSE(refused_);                                 \
        EXPECT_EQ(refused_.error().code, expected_code);        \
        EXPECT_EQ(refused_.error().status, expected_status);    \
        EXPECT_FALSE(refused_.error().message.empty());         \
    } while (false)

}  // namespace otabahn::objects

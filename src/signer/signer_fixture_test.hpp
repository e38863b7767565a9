// SPDX-License-Identifier: Apache-2.0
// ACM, Signer and S3 on a fresh store of either engine, called by operation. Work that the signer puts off waits in `later_`.
#pragma once

#include "access/sql.hpp"
#include "api/acm.hpp"
#include "api/s3.hpp"
#include "api/signer.hpp"
#include "blob/folder.hpp"
#include "bus/bus.hpp"
#include "objects/objects.hpp"
#include "objects/sql.hpp"
#include "runtime/set_clock.hpp"
#include "signer/signer.hpp"
#include "signer/sql.hpp"
#include "store/store_suite.hpp"

#include <gtest/gtest.h>

#include <stdlib.h>

#include <deque>
#include <filesystem>
#include <string>

namespace otabahn::signer {

namespace s3 = api::s3;
namespace acm = api::acm;
namespace sg = api::signer;

struct KeyPair {
    std::string certificate, key;  // PEM
};

class SignerTest : public testing::TestWithParam<store::testing::TestEngine> {
  protected:
    SignerTest() {
        s3_.bind_rest(operations_);
        signer_.bind_rest(operations_);
    }
    ~SignerTest() override { std::filesystem::remove_all(folder_); }

    static awsapi::Caller make_root(const std::string& region = "us-east-1", const std::string& account = "561470034375") {
        return {.scope = {AccountId::trusted(account), Region::trusted(region)},
                .arn = "arn:aws:iam::" + account + ":root",
                .user_id = account,
                .access_key_id = "AK",
                .source_ip = "127.0.0.1",
                .host = "localhost",
                .root = true};
    }
    static awsapi::Caller make_nobody() {
        auto out = make_root();
        out.arn = "arn:aws:iam::561470034375:user/nobody";
        out.root = false;
        return out;
    }

    template <class Op>
    Outcome<typename Op::Output> call(const typename Op::Input& in, const awsapi::Caller& caller = make_root()) {
        const auto* bound = operations_.find(Op::service, Op::name);
        if (bound == nullptr) throw std::runtime_error(std::string(Op::name) + " is not bound");
        auto out = bound->plain(caller, &in);
        if (!out) return Unexpected(std::move(out).error());
        return *std::static_pointer_cast<typename Op::Output>(*out);
    }
    // The version's id.
    std::string put(const std::string& bucket, const std::string& key, std::string_view body) {
        const s3::PutObjectRequest in{.bucket = bucket, .key = key};
        auto begun = operations_.find("s3", "PutObject")->upload(make_root(), &in);
        if (!begun || !(*begun)->write(as_bytes(body))) throw std::runtime_error("PutObject failed");
        auto out = (*begun)->finish();
        if (!out) throw std::runtime_error(out.error().message);
        return std::static_pointer_cast<s3::PutObjectOutput>(*out)->version_id.value_or("null");
    }
    std::string get(const std::string& bucket, const std::string& key) {
        const auto object = *s3_.find_object(bucket, key, {});
        if (!object) return "(no object)";
        const auto reader = *s3_.open(*object);
        std::string out(reader->size(), '\0');
        if (!reader->read_at(0, {reinterpret_cast<std::uint8_t*>(out.data()), out.size()})) throw std::runtime_error("read failed");
        return out;
    }
    void make_bucket(const std::string& name, const std::string& versioning = "Enabled", const awsapi::Caller& caller = make_root()) {
        s3::CreateBucketRequest in{.bucket = name};
        if (caller.scope.region.text() != "us-east-1")
            in.create_bucket_configuration = s3::CreateBucketConfiguration{.location_constraint = caller.scope.region.text()};
        ASSERT_TRUE(call<s3::CreateBucket>(in, caller));
        if (versioning.empty()) return;
        ASSERT_TRUE(call<s3::PutBucketVersioning>({.bucket = name, .versioning_configuration = {.status = versioning}}, caller));
    }

    struct CertificateWish {
        x509::KeyAlgorithm algorithm = x509::KeyAlgorithm::ec_p256;
        int bits = 2048;
        bool code_signing = true;
        std::chrono::hours begins{-1}, ends{24 * 365};
    };
    KeyPair make_pair(const CertificateWish& wish) {
        const auto key = x509::PrivateKey::generate(wish.algorithm, wish.bits);
        x509::IssueRequest request;
        request.subject.common_name = "signer@example.com";
        request.not_before = clock_.now() + wish.begins;
        request.not_after = clock_.now() + wish.ends;
        request.code_signing = wish.code_signing;
        const auto certificate = x509::issue(request, *key, nullptr);
        if (!certificate) throw std::runtime_error(certificate.error().message);
        return {certificate->to_pem(), key->to_pem()};
    }
    KeyPair make_pair() { return make_pair(CertificateWish{}); }
    std::string import(const KeyPair& pair, const awsapi::Caller& caller = make_root()) {
        auto out = call<acm::ImportCertificate>({.certificate = pair.certificate, .private_key = pair.key}, caller);
        if (!out) throw std::runtime_error(out.error().message);
        return *out->certificate_arn;
    }
    void run_later() {
        while (!later_.empty()) {
            const auto work = std::move(later_.front());
            later_.pop_front();
            work();
        }
    }

    static std::filesystem::path make_folder() {
        std::string pattern = std::filesystem::temp_directory_path() / "otabahn-signer-XXXXXX";
        return mkdtemp(pattern.data());
    }
    std::filesystem::path folder_ = make_folder();
    std::unique_ptr<store::testing::TestStore> store_ =
        GetParam().open({{"access", access::sql::schema}, {"objects", objects::sql::schema}, {"signer", sql::schema}});
    std::unique_ptr<runtime::BlobStore> blobs_ = std::move(blob::open_folder(folder_ / "blobs")).value();
    bus::InProcessBus bus_;
    runtime::SetClock clock_{std::int64_t{1'750'000'000}};
    access::Access access_{**store_, bus_, clock_};
    objects::Objects s3_{**store_, *blobs_, bus_, clock_, access_};
    std::deque<std::function<void()>> later_;
    Signer signer_{**store_, clock_, s3_, access_, [this](std::function<void()> work) { later_.push_back(std::move(work)); }};
    awsapi::Operations operations_;
};

// Code and status, and a word that the message must carry so that its reader knows what to do.
#define EXPECT_REFUSED(outcome, expected_code, expected_status, word)                                  \
    do {                                                                                               \
        const auto refused_ = (outcome);                                                               \
        ASSERT_FALSE(refused_);                                                                        \
        EXPECT_EQ(refused_.error().code, expected_code) << refused_.error().message;                   \
        EXPECT_EQ(refused_.error().status, expected_status);                                           \
        EXPECT_NE(refused_.error().message.find(word), std::string::npos) << refused_.error().message; \
    } while (false)

}  // namespace otabahn::signer

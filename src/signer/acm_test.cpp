// SPDX-License-Identifier: Apache-2.0
// ACM (spec control-plane 4): imports, what is refused, and the lists' default, on both engines.
#include "runtime/random.hpp"
#include "signer/certificates.hpp"
#include "signer/signer_fixture_test.hpp"

namespace otabahn::signer {
namespace {

class AcmTest : public SignerTest {};

TEST_P(AcmTest, AnImportComesBackWithoutItsPrivateKey) {
    const auto pair = make_pair();
    const auto arn = import(pair);
    EXPECT_TRUE(arn.starts_with("arn:aws:acm:us-east-1:561470034375:certificate/")) << arn;
    const auto got = call<acm::GetCertificate>({.certificate_arn = arn});
    EXPECT_EQ(got->certificate, pair.certificate);
    EXPECT_EQ(got->certificate_chain, std::nullopt);

    const auto detail = *call<acm::DescribeCertificate>({.certificate_arn = arn})->certificate;
    EXPECT_EQ(detail.certificate_arn, arn);
    EXPECT_EQ(detail.domain_name, "signer@example.com");  // an e-mail address, and no alternative name
    EXPECT_EQ(detail.subject, "CN=signer@example.com");
    EXPECT_EQ(detail.status, "ISSUED");
    EXPECT_EQ(detail.type, "IMPORTED");
    EXPECT_EQ(detail.key_algorithm, "EC_prime256v1");
    EXPECT_EQ(detail.signature_algorithm, "SHA256WITHECDSA");
    EXPECT_EQ(detail.imported_at, clock_.now());
    EXPECT_EQ(detail.extended_key_usages->at(0).name, "CODE_SIGNING");
    EXPECT_EQ(detail.extended_key_usages->at(0).oid, "1.3.6.1.5.5.7.3.3");
    EXPECT_EQ(detail.key_usages->at(0).name, "DIGITAL_SIGNATURE");
    clock_.pass(std::chrono::hours(24 * 366));
    EXPECT_EQ(call<acm::DescribeCertificate>({.certificate_arn = arn})->certificate->status, "EXPIRED");
}

TEST_P(AcmTest, ListsShowRsaAloneUnlessAskedForOthers) {
    const auto ec = import(make_pair());
    const auto rsa = import(make_pair({.algorithm = x509::KeyAlgorithm::rsa}));
    const auto list = [&](std::vector<std::string> kinds) {
        acm::ListCertificatesRequest in;
        if (!kinds.empty()) in.includes = acm::Filters{.key_types = std::move(kinds)};
        std::vector<std::string> out;
        const auto page = call<acm::ListCertificates>(in);
        for (const auto& one : *page->certificate_summary_list) out.push_back(*one.certificate_arn);
        return out;
    };
    EXPECT_EQ(list({}), (std::vector<std::string>{rsa}));
    EXPECT_EQ(list({"EC_prime256v1"}), (std::vector<std::string>{ec}));
    EXPECT_EQ(list({"EC_prime256v1", "RSA_2048"}).size(), 2U);
    const acm::ListCertificatesRequest by_usage{.includes = acm::Filters{.extended_key_usage = std::vector<std::string>{"TIME_STAMPING"},
                                                                         .key_types = std::vector<std::string>{"EC_prime256v1"}}};
    EXPECT_TRUE(call<acm::ListCertificates>(by_usage)->certificate_summary_list->empty());
    EXPECT_TRUE(
        call<acm::ListCertificates>({.certificate_statuses = std::vector<std::string>{"EXPIRED"}})->certificate_summary_list->empty());
}

TEST_P(AcmTest, ListsPageInBothDirections) {
    std::vector<std::string> arns;
    for (int i = 0; i < 5; ++i) {
        arns.push_back(import(make_pair()));
        clock_.pass(std::chrono::seconds(1));
    }
    for (const bool descending : {false, true}) {
        acm::ListCertificatesRequest in{.includes = acm::Filters{.key_types = std::vector<std::string>{"EC_prime256v1"}}, .max_items = 2};
        if (descending) {
            in.sort_by = "CREATED_AT";
            in.sort_order = "DESCENDING";
        }
        std::vector<std::string> seen;
        for (int pages = 0; pages < 5; ++pages) {
            const auto page = call<acm::ListCertificates>(in);
            for (const auto& one : *page->certificate_summary_list) seen.push_back(*one.certificate_arn);
            if (!page->next_token) break;
            in.next_token = page->next_token;
        }
        EXPECT_EQ(seen, descending ? std::vector<std::string>(arns.rbegin(), arns.rend()) : arns);
    }
    EXPECT_REFUSED(call<acm::ListCertificates>({.next_token = "bad"}), "ValidationException", 400, "NextToken");
    EXPECT_REFUSED(call<acm::ListCertificates>({.max_items = 0}), "ValidationException", 400, "1000");
    EXPECT_REFUSED(call<acm::ListCertificates>({.sort_by = "CREATED_AT"}), "InvalidArgsException", 400, "SortOrder");
}

TEST_P(AcmTest, WhatDoesNotFitTogetherIsNotImported) {
    const auto pair = make_pair(), other = make_pair();
    const auto refused = [&](const std::string& certificate, const std::string& key, std::optional<std::string> chain = {}) {
        return call<acm::ImportCertificate>({.certificate = certificate, .private_key = key, .certificate_chain = std::move(chain)});
    };
    EXPECT_REFUSED(refused(pair.certificate, other.key), "ValidationException", 400, "does not belong");
    EXPECT_REFUSED(refused("junk", pair.key), "ValidationException", 400, "PEM");
    EXPECT_REFUSED(refused(pair.certificate, "junk"), "ValidationException", 400, "private key");
    EXPECT_REFUSED(refused(pair.certificate + other.certificate, pair.key), "ValidationException", 400, "2 certificates");
    EXPECT_REFUSED(refused(pair.certificate, pair.key, other.certificate), "ValidationException", 400, "not in order");
    EXPECT_REFUSED(refused(pair.certificate, pair.key, "junk"), "ValidationException", 400, "chain");
    const auto expired = make_pair({.begins = std::chrono::hours(-48), .ends = std::chrono::hours(-24)});
    EXPECT_REFUSED(refused(expired.certificate, expired.key), "ValidationException", 400, "expired");
    const auto future = make_pair({.begins = std::chrono::hours(24)});
    EXPECT_REFUSED(refused(future.certificate, future.key), "ValidationException", 400, "not valid yet");
    EXPECT_REFUSED(call<acm::ImportCertificate>({.certificate = pair.certificate, .private_key = pair.key}, make_nobody()),
                   "AccessDeniedException", 400, "acm:ImportCertificate");
}

TEST_P(AcmTest, AReimportKeepsTheArnAndTheKindOfKey) {
    const auto arn = import(make_pair());
    const auto renewed = make_pair();
    const acm::ImportCertificateRequest in{.certificate_arn = arn, .certificate = renewed.certificate, .private_key = renewed.key};
    EXPECT_EQ(call<acm::ImportCertificate>(in)->certificate_arn, arn);
    EXPECT_EQ(call<acm::GetCertificate>({.certificate_arn = arn})->certificate, renewed.certificate);

    const auto rsa = make_pair({.algorithm = x509::KeyAlgorithm::rsa});
    EXPECT_REFUSED(call<acm::ImportCertificate>({.certificate_arn = arn, .certificate = rsa.certificate, .private_key = rsa.key}),
                   "ValidationException", 400, "RSA_2048");
    auto tagged = in;
    tagged.tags = std::vector<acm::Tag>{{.key = "a"}};
    EXPECT_REFUSED(call<acm::ImportCertificate>(tagged), "InvalidParameterException", 400, "tags");
    auto unknown = in;
    unknown.certificate_arn = "arn:aws:acm:us-east-1:561470034375:certificate/none";
    EXPECT_REFUSED(call<acm::ImportCertificate>(unknown), "ResourceNotFoundException", 400, "certificate/none");
    const auto plain = import(make_pair({.code_signing = false}));
    EXPECT_REFUSED(call<acm::ImportCertificate>({.certificate_arn = plain, .certificate = renewed.certificate, .private_key = renewed.key}),
                   "ValidationException", 400, "extended key usage");
}

TEST_P(AcmTest, ForeignOtherRegionsAndMalformedArnsAreRefused) {
    const auto arn = import(make_pair());
    EXPECT_REFUSED(call<acm::GetCertificate>({.certificate_arn = arn}, make_root("us-east-2")), "ResourceNotFoundException", 400,
                   "us-east-2");
    EXPECT_REFUSED(call<acm::DescribeCertificate>({.certificate_arn = arn}, make_root("us-east-1", "111111111111")),
                   "ResourceNotFoundException", 400, "111111111111");
    EXPECT_REFUSED(call<acm::DescribeCertificate>({.certificate_arn = "arn:aws:iot:us-east-1:561470034375:cert/x"}), "InvalidArnException",
                   400, "arn:aws:acm");
    EXPECT_REFUSED(call<acm::GetCertificate>({.certificate_arn = arn}, make_nobody()), "AccessDeniedException", 400, "acm:GetCertificate");
    ASSERT_TRUE(call<acm::DeleteCertificate>({.certificate_arn = arn}));
    EXPECT_REFUSED(call<acm::DeleteCertificate>({.certificate_arn = arn}), "ResourceNotFoundException", 400, arn);
    EXPECT_REFUSED(call<acm::GetCertificate>({.certificate_arn = arn}), "ResourceNotFoundException", 400, arn);
}

TEST_P(AcmTest, TagsAreAddedRemovedAndListed) {
    const auto pair = make_pair();
    const auto arn =
        *call<acm::ImportCertificate>(
             {.certificate = pair.certificate, .private_key = pair.key, .tags = std::vector<acm::Tag>{{.key = "a", .value = "1"}}})
             ->certificate_arn;
    ASSERT_TRUE(call<acm::AddTagsToCertificate>({.certificate_arn = arn, .tags = {{.key = "b", .value = "2"}, {.key = "c"}}}));
    ASSERT_TRUE(call<acm::RemoveTagsFromCertificate>({.certificate_arn = arn, .tags = {{.key = "a", .value = "other"}, {.key = "b"}}}));
    const auto tags = *call<acm::ListTagsForCertificate>({.certificate_arn = arn})->tags;
    ASSERT_EQ(tags.size(), 2U);
    EXPECT_EQ(tags[0].key, "a");
    EXPECT_EQ(tags[1].key, "c");
    EXPECT_REFUSED(call<acm::AddTagsToCertificate>({.certificate_arn = arn, .tags = {{.key = "aws:x"}}}), "InvalidTagException", 400,
                   "aws:");
}

TEST_P(AcmTest, ACertificateOfTheConfigurationFileLiesUnderItsArn) {
    const std::string arn = "arn:aws:acm:us-east-1:561470034375:certificate/e20e0e41-8688-4801-8aa6-0406afec266e";
    const auto pair = make_pair();
    ASSERT_TRUE(signer_.load_certificate(arn, pair.certificate, pair.key));
    ASSERT_TRUE(signer_.load_certificate(arn, pair.certificate, pair.key));
    EXPECT_EQ(call<acm::GetCertificate>({.certificate_arn = arn})->certificate, pair.certificate);
    const auto renewed = make_pair();
    ASSERT_TRUE(signer_.load_certificate(arn, renewed.certificate, renewed.key));
    EXPECT_EQ(call<acm::GetCertificate>({.certificate_arn = arn})->certificate, renewed.certificate);
    // In its own account and region, and nowhere else.
    EXPECT_FALSE(call<acm::GetCertificate>({.certificate_arn = arn}, make_root("us-east-2")));
    EXPECT_EQ(signer_.load_certificate("arn:aws:acm:x", pair.certificate, pair.key).error().code, ErrorCode::invalid_request);
    EXPECT_NE(signer_.load_certificate(arn, pair.certificate, renewed.key).error().message.find(arn), std::string::npos);
    EXPECT_EQ(call<acm::GetCertificate>({.certificate_arn = arn})->certificate, renewed.certificate);
}

INSTANTIATE_TEST_SUITE_P(Engines, AcmTest, testing::ValuesIn(store::testing::engines()), store::testing::engine_name);

TEST(CertificateArnGrammar, OtherTextIsRefused) {
    EXPECT_TRUE(parse_certificate_arn("arn:aws:acm:us-east-1:561470034375:certificate/e20e0e41-8688-4801-8aa6-0406afec266e"));
    for (const auto* arn :
         {"", "arn", "arn:aws:acm:us-east-1:561470034375:certificate/", "arn:aws:acm:us-east-1:561470034375:certificate/a/b",
          "arn:aws:acm:US:561470034375:certificate/a", "arn:aws:acm:us-east-1:5614:certificate/a",
          "arn:aws:iam:us-east-1:561470034375:certificate/a", "arn:aws:acm:us-east-1:561470034375:certificate/a:b"})
        EXPECT_FALSE(parse_certificate_arn(arn)) << arn;
}

TEST(Uuid, IsOfVersion4) {
    const auto id = runtime::random_uuid();
    EXPECT_EQ(id.size(), 36U);
    EXPECT_EQ(id[8], '-');
    EXPECT_EQ(id[14], '4');
    EXPECT_NE(id, runtime::random_uuid());
}

}  // namespace
}  // namespace otabahn::signer

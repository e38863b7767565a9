// SPDX-License-Identifier: Apache-2.0
// Signer (spec control-plane 3): platforms, profiles and jobs, on both engines; real signatures over real bytes.
#include "encoding/base64_string.hpp"
#include "signer/signer_fixture_test.hpp"
#include "signer/signing.hpp"

#include <algorithm>

namespace otabahn::signer {
namespace {

constexpr const char* iot_platform = "AWSIoTDeviceManagement-SHA256-ECDSA";
constexpr const char* freertos_platform = "AmazonFreeRTOS-Default";
constexpr const char* ti_platform = "AmazonFreeRTOS-TI-CC3220SF";

class PlatformTest : public SignerTest {};
class ProfileTest : public SignerTest {
  protected:
    sg::PutSigningProfileRequest profile(const std::string& name, const std::string& platform, const std::string& arn) {
        return {.profile_name = name, .signing_material = sg::SigningMaterial{arn}, .platform_id = platform};
    }
    std::vector<std::string> list(const sg::ListSigningProfilesRequest& in = {}, const awsapi::Caller& caller = make_root()) {
        std::vector<std::string> out;
        const auto page = call<sg::ListSigningProfiles>(in, caller);
        for (const auto& one : *page->profiles) out.push_back(*one.profile_name);
        return out;
    }
};
class SigningJobTest : public ProfileTest {
  protected:
    void prepare(const std::string& platform = iot_platform) {
        pair_ = make_pair();
        arn_ = import(pair_);
        ASSERT_TRUE(call<sg::PutSigningProfile>(profile("otaSign", platform, arn_)));
        make_bucket("firmware");
        version_ = put("firmware", "app.bin", image_);
    }
    sg::StartSigningJobRequest request(const std::string& token = "token") {
        return {.source = {sg::S3Source{"firmware", "app.bin", version_}},
                .destination = {sg::S3Destination{"firmware", "signed/"}},
                .profile_name = "otaSign",
                .client_request_token = token};
    }
    sg::DescribeSigningJobResponse describe(const std::string& id) { return *call<sg::DescribeSigningJob>({.job_id = id}); }
    // The value of a member of Signer's compact JSON.
    static std::string member(const std::string& json, const std::string& name) {
        const auto at = json.find("\"" + name + "\":");
        if (at == std::string::npos) return "(no " + name + ")";
        auto begin = at + name.size() + 3;
        const bool text = json[begin] == '"';
        if (text) ++begin;
        return json.substr(begin, json.find_first_of(text ? "\"" : ",}", begin) - begin);
    }
    void expect_verifies(const std::string& json, x509::SignatureAlgorithm algorithm, std::string_view digest) {
        const auto signature = encoding::from_base64(member(json, "signature"));
        ASSERT_TRUE(signature);
        const auto certificate = x509::Certificate::parse_pem(pair_.certificate);
        const auto verified = x509::verify_digest(*certificate, algorithm, digest, *signature);
        EXPECT_TRUE(verified) << verified.error().message;
    }
    static std::string sha256(std::string_view bytes) {
        x509::Sha256 digest;
        digest.update(as_bytes(bytes));
        return digest.finish();
    }

    KeyPair pair_;
    std::string arn_, version_;
    std::string image_ = std::string(3'000'001, 'f');
};

TEST_P(PlatformTest, AllFiveAreListedInTheirOrderAndPaged) {
    const auto all = *call<sg::ListSigningPlatforms>({})->platforms;
    ASSERT_EQ(all.size(), 5U);
    EXPECT_EQ(all[0].platform_id, iot_platform);
    EXPECT_EQ(all[0].display_name, "AWS IoT Device Management SHA256-ECDSA ");
    EXPECT_EQ(all[0].category, "AWS");
    EXPECT_EQ(all[0].max_size_in_mb, 2048);
    EXPECT_EQ(all[1].max_size_in_mb, 16);
    EXPECT_EQ(all[1].signing_image_format->default_format, "JSONEmbedded");
    const auto first = call<sg::ListSigningPlatforms>({.max_results = 2});
    EXPECT_EQ(first->platforms->size(), 2U);
    EXPECT_EQ(call<sg::ListSigningPlatforms>({.next_token = first->next_token})->platforms->size(), 3U);
    EXPECT_EQ(call<sg::ListSigningPlatforms>({.partner = "AmazonFreeRTOS"})->platforms->size(), 2U);
    EXPECT_EQ(call<sg::ListSigningPlatforms>({.category = "AWSIoT", .target = "SHA1-RSA-TISHA1"})->platforms->size(), 1U);
    EXPECT_TRUE(call<sg::ListSigningPlatforms>({.category = "other"})->platforms->empty());
    EXPECT_EQ(call<sg::GetSigningPlatform>({.platform_id = iot_platform})->target, "SHA256-ECDSA");
}

TEST_P(PlatformTest, WhatIsNotThereIsRefused) {
    EXPECT_REFUSED(call<sg::GetSigningPlatform>({.platform_id = "none"}), "ResourceNotFoundException", 404, "ListSigningPlatforms");
    EXPECT_REFUSED(call<sg::ListSigningPlatforms>({.max_results = 26}), "ValidationException", 400, "25");
    EXPECT_REFUSED(call<sg::ListSigningPlatforms>({.next_token = "x"}), "ValidationException", 400, "nextToken");
    EXPECT_REFUSED(call<sg::ListSigningPlatforms>({}, make_nobody()), "AccessDeniedException", 403, "signer:ListSigningPlatforms");
}

TEST_P(ProfileTest, TheOriginsTwoProfilesAreMadeAndRead) {
    const std::string arn = "arn:aws:acm:us-east-1:561470034375:certificate/e20e0e41-8688-4801-8aa6-0406afec266e";
    const auto pair = make_pair();
    ASSERT_TRUE(signer_.load_certificate(arn, pair.certificate, pair.key));
    const auto made = call<sg::PutSigningProfile>(profile("otaSign", iot_platform, arn));
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->arn, "arn:aws:signer:us-east-1:561470034375:/signing-profiles/otaSign");
    EXPECT_EQ(made->profile_version->size(), 10U);
    EXPECT_EQ(made->profile_version_arn, *made->arn + "/" + *made->profile_version);
    auto freertos = profile("otaFreeRTOS", freertos_platform, arn);
    freertos.signing_parameters = std::map<std::string, std::string>{{"certname", "/"}};
    ASSERT_TRUE(call<sg::PutSigningProfile>(freertos));

    EXPECT_EQ(list(), (std::vector<std::string>{"otaFreeRTOS", "otaSign"}));
    const auto listed = *call<sg::ListSigningProfiles>({})->profiles;
    EXPECT_EQ(listed[0].signing_parameters->at("certname"), "/");
    EXPECT_EQ(listed[1].signing_parameters, std::nullopt);
    const auto got = *call<sg::GetSigningProfile>({.profile_name = "otaSign"});
    EXPECT_EQ(got.profile_version, made->profile_version);
    EXPECT_EQ(got.signing_material->certificate_arn, arn);
    EXPECT_EQ(got.platform_display_name, "AWS IoT Device Management SHA256-ECDSA ");
    EXPECT_EQ(got.status, "Active");
    EXPECT_EQ(got.overrides, std::nullopt) << "unset members are left out";
    EXPECT_EQ(got.signature_validity_period, std::nullopt);
}

TEST_P(ProfileTest, RegionsAndAccountsAreSeparateWorlds) {
    const auto arn = import(make_pair());
    ASSERT_TRUE(call<sg::PutSigningProfile>(profile("otaSign", iot_platform, arn)));
    EXPECT_TRUE(list({}, make_root("us-east-2")).empty());
    EXPECT_TRUE(list({}, make_root("us-east-1", "111111111111")).empty());
    EXPECT_REFUSED(call<sg::GetSigningProfile>({.profile_name = "otaSign"}, make_root("us-east-2")), "ResourceNotFoundException", 404,
                   "otaSign");
    EXPECT_REFUSED(call<sg::PutSigningProfile>(profile("otaSign", iot_platform, arn), make_root("us-east-2")), "ValidationException", 400,
                   "us-east-2");
}

TEST_P(ProfileTest, PutOnAnActiveNameReplacesItUnderANewVersion) {
    const auto arn = import(make_pair());
    const auto first = call<sg::PutSigningProfile>(profile("otaSign", iot_platform, arn));
    const auto second = call<sg::PutSigningProfile>(profile("otaSign", freertos_platform, arn));
    EXPECT_NE(first->profile_version, second->profile_version);
    EXPECT_EQ(call<sg::GetSigningProfile>({.profile_name = "otaSign"})->platform_id, freertos_platform);
    EXPECT_EQ(list().size(), 1U);
}

TEST_P(ProfileTest, ACanceledOneIsHiddenStillReadableAndItsNameStaysTaken) {
    const auto arn = import(make_pair());
    ASSERT_TRUE(call<sg::PutSigningProfile>(profile("otaSign", iot_platform, arn)));
    ASSERT_TRUE(call<sg::CancelSigningProfile>({.profile_name = "otaSign"}));
    EXPECT_TRUE(list().empty());
    EXPECT_EQ(list({.include_canceled = true}).size(), 1U);
    EXPECT_EQ(list({.statuses = std::vector<std::string>{"Canceled"}}).size(), 1U);
    EXPECT_EQ(call<sg::GetSigningProfile>({.profile_name = "otaSign"})->status, "Canceled");
    EXPECT_REFUSED(call<sg::PutSigningProfile>(profile("otaSign", iot_platform, arn)), "ValidationException", 400, "canceled");
    EXPECT_REFUSED(call<sg::CancelSigningProfile>({.profile_name = "none"}), "ResourceNotFoundException", 404, "none");
}

TEST_P(ProfileTest, ListsPageByName) {
    const auto arn = import(make_pair());
    for (const auto* name : {"p1", "p2", "p3"}) ASSERT_TRUE(call<sg::PutSigningProfile>(profile(name, iot_platform, arn)));
    const auto first = call<sg::ListSigningProfiles>({.max_results = 2});
    EXPECT_EQ(first->next_token, "p2");
    EXPECT_EQ(list({.next_token = first->next_token}), (std::vector<std::string>{"p3"}));
    EXPECT_TRUE(list({.platform_id = freertos_platform}).empty());
    EXPECT_REFUSED(call<sg::ListSigningProfiles>({.max_results = 0}), "ValidationException", 400, "25");
}

TEST_P(ProfileTest, WhatSignerWouldRefuseIsRefused) {
    const auto arn = import(make_pair());
    const auto refused = [&](auto change) {
        auto in = profile("otaSign", iot_platform, arn);
        change(in);
        return call<sg::PutSigningProfile>(in);
    };
    EXPECT_REFUSED(refused([](auto& in) { in.profile_name = "ota-sign"; }), "ValidationException", 400, "a-z A-Z 0-9 _");
    EXPECT_REFUSED(refused([](auto& in) { in.profile_name = "x"; }), "ValidationException", 400, "2 to 64");
    EXPECT_REFUSED(refused([](auto& in) { in.platform_id = "none"; }), "ValidationException", 400, "ListSigningPlatforms");
    EXPECT_REFUSED(refused([](auto& in) { in.signing_material.reset(); }), "ValidationException", 400, "signing material cannot be null.");
    EXPECT_REFUSED(refused([](auto& in) { in.signing_material->certificate_arn = "junk"; }), "ValidationException", 400, "arn:aws:acm");
    EXPECT_REFUSED(refused([](auto& in) { in.signing_material->certificate_arn = "arn:aws:acm:us-east-1:561470034375:certificate/none"; }),
                   "ResourceNotFoundException", 404, "import-certificate");
    EXPECT_REFUSED(refused([](auto& in) {
                       in.signature_validity_period = sg::SignatureValidityPeriod{12, "MONTHS"};
                   }),
                   "ValidationException", 400, "signatureValidityPeriod");
    EXPECT_REFUSED(refused([](auto& in) { in.overrides = sg::SigningPlatformOverrides{.signing_image_format = "JSONEmbedded"}; }),
                   "ValidationException", 400, "JSONDetached");
    EXPECT_REFUSED(refused([](auto& in) {
                       in.overrides = sg::SigningPlatformOverrides{.signing_configuration =
                                                                       sg::SigningConfigurationOverrides{.encryption_algorithm = "RSA"}};
                   }),
                   "ValidationException", 400, "ECDSA");
    EXPECT_REFUSED(refused([](auto& in) {
                       in.overrides = sg::SigningPlatformOverrides{.signing_configuration =
                                                                       sg::SigningConfigurationOverrides{.hash_algorithm = "SHA1"}};
                   }),
                   "ValidationException", 400, "SHA256");
    EXPECT_REFUSED(refused([](auto& in) {
                       in.tags = std::map<std::string, std::string>{{"aws:x", "1"}};
                   }),
                   "ValidationException", 400, "aws:");
    EXPECT_REFUSED(refused([](auto& in) { in.platform_id = "AWSLambda-SHA384-ECDSA"; }), "ValidationException", 400, "own");
    EXPECT_REFUSED(call<sg::PutSigningProfile>(profile("otaSign", iot_platform, arn), make_nobody()), "AccessDeniedException", 403,
                   "arn:aws:signer:us-east-1:561470034375:/signing-profiles/otaSign");
    EXPECT_TRUE(list().empty());
}

TEST_P(ProfileTest, CertificatesThatCannotSignForThePlatformAreRefused) {
    const auto with = [&](const CertificateWish& wish, const std::string& platform) {
        return call<sg::PutSigningProfile>(profile("otaSign", platform, import(make_pair(wish))));
    };
    EXPECT_REFUSED(with({.code_signing = false}, iot_platform), "ValidationException", 400,
                   "Invalid EKU in Certificate. Valid EKU values are CodeSigning or ANY.");
    EXPECT_REFUSED(with({.algorithm = x509::KeyAlgorithm::rsa}, iot_platform), "ValidationException", 400, "EC_prime256v1");
    EXPECT_REFUSED(with({.algorithm = x509::KeyAlgorithm::ec_p384}, iot_platform), "ValidationException", 400, "EC_prime256v1");
    EXPECT_REFUSED(with({}, ti_platform), "ValidationException", 400, "RSA");
    EXPECT_REFUSED(with({.algorithm = x509::KeyAlgorithm::rsa, .bits = 1024}, ti_platform), "ValidationException", 400, "2048");
    const auto short_lived = import(make_pair({.ends = std::chrono::hours(1)}));
    clock_.pass(std::chrono::hours(2));
    EXPECT_REFUSED(call<sg::PutSigningProfile>(profile("otaSign", iot_platform, short_lived)), "ValidationException", 400, "expired");
    auto wrong_override = profile("otaSign", freertos_platform, import(make_pair()));
    wrong_override.overrides =
        sg::SigningPlatformOverrides{.signing_configuration = sg::SigningConfigurationOverrides{.encryption_algorithm = "RSA"}};
    EXPECT_REFUSED(call<sg::PutSigningProfile>(wrong_override), "ValidationException", 400, "override");
}

TEST_P(ProfileTest, TagsAreSetAndRemovedByArn) {
    const auto arn = *call<sg::PutSigningProfile>(profile("otaSign", iot_platform, import(make_pair())))->arn;
    ASSERT_TRUE(call<sg::TagResource>({.resource_arn = arn, .tags = {{"a", "1"}, {"b", "2"}}}));
    ASSERT_TRUE(call<sg::UntagResource>({.resource_arn = arn, .tag_keys = {"a"}}));
    EXPECT_EQ(*call<sg::ListTagsForResource>({.resource_arn = arn})->tags, (std::map<std::string, std::string>{{"b", "2"}}));
    EXPECT_REFUSED(call<sg::ListTagsForResource>({.resource_arn = "arn:x"}), "NotFoundException", 404, "arn:aws:signer");
    EXPECT_REFUSED(call<sg::TagResource>({.resource_arn = arn + "none", .tags = {{"a", "1"}}}), "NotFoundException", 404, "otaSignnone");
}

TEST_P(SigningJobTest, ADetachedSignatureVerifiesOverTheRawBytes) {
    prepare();
    const auto started = call<sg::StartSigningJob>(request());
    ASSERT_TRUE(started) << started.error().message;
    EXPECT_EQ(started->job_owner, "561470034375");
    const auto id = *started->job_id;
    EXPECT_EQ(describe(id).status, "InProgress");
    EXPECT_EQ(describe(id).signed_object, std::nullopt);
    clock_.pass(std::chrono::seconds(1));
    run_later();

    const auto done = describe(id);
    EXPECT_EQ(done.status, "Succeeded");
    EXPECT_EQ(done.status_reason, "Signing Succeeded");
    EXPECT_EQ(done.completed_at, clock_.now());
    EXPECT_EQ(done.signed_object->s3->bucket_name, "firmware");
    EXPECT_EQ(done.signed_object->s3->key, "signed/" + id);  // no separator of its own
    EXPECT_EQ(done.requested_by, "arn:aws:iam::561470034375:root");
    EXPECT_EQ(done.source->s3->version, version_);
    const auto json = get("firmware", "signed/" + id);
    EXPECT_TRUE(json.starts_with("{\"rawPayloadSize\":3000001,\"signature\":\"")) << json;
    EXPECT_TRUE(
        json.ends_with("\"signatureAlgorithm\":\"SHA256withECDSA\",\"payloadLocation\":{\"s3\":{\"bucketName\":\"firmware\",\"key\":\"app."
                       "bin\",\"version\":\"" +
                       version_ + "\"}}}"))
        << json;
    expect_verifies(json, x509::SignatureAlgorithm::sha256_ecdsa, sha256(image_));
    EXPECT_EQ((*s3_.find_object("firmware", "signed/" + id, {}))->content_type, "application/json");
}

TEST_P(SigningJobTest, AnEmbeddedOutputCarriesTheImageAndNothingElse) {
    prepare(freertos_platform);
    const auto id = *call<sg::StartSigningJob>(request())->job_id;
    run_later();
    const auto json = get("firmware", "signed/" + id);
    EXPECT_EQ(*encoding::from_base64(member(json, "payload")), image_);
    // A public case: 189 bytes besides the base64, for a size of seven digits.
    EXPECT_EQ(json.size(), encoding::base64_length(image_.size()) + 189U);
    expect_verifies(json, x509::SignatureAlgorithm::sha256_ecdsa, sha256(image_));
}

TEST_P(SigningJobTest, RsaSignsOnTheFreeRtosPlatforms) {
    make_bucket("firmware");
    version_ = put("firmware", "app.bin", image_);
    pair_ = make_pair({.algorithm = x509::KeyAlgorithm::rsa});
    arn_ = import(pair_);
    ASSERT_TRUE(call<sg::PutSigningProfile>(profile("otaSign", freertos_platform, arn_)));
    const auto id = *call<sg::StartSigningJob>(request())->job_id;
    run_later();
    const auto json = get("firmware", "signed/" + id);
    EXPECT_EQ(member(json, "signatureAlgorithm"), "SHA256withRSA");
    expect_verifies(json, x509::SignatureAlgorithm::sha256_rsa, sha256(image_));
    ASSERT_TRUE(call<sg::PutSigningProfile>(profile("otaSign", ti_platform, arn_)));
    const auto ti = *call<sg::StartSigningJob>(request("ti"))->job_id;
    run_later();
    EXPECT_EQ(member(get("firmware", "signed/" + ti), "signatureAlgorithm"), "SHA1withRSA");
}

TEST_P(SigningJobTest, ARepeatedTokenGivesTheFirstJobAgain) {
    prepare();
    const auto first = call<sg::StartSigningJob>(request()), again = call<sg::StartSigningJob>(request());
    EXPECT_EQ(first->job_id, again->job_id);
    EXPECT_EQ(later_.size(), 1U);
    ASSERT_TRUE(call<sg::CancelSigningProfile>({.profile_name = "otaSign"}));
    EXPECT_EQ(call<sg::StartSigningJob>(request())->job_id, first->job_id);
    EXPECT_EQ(call<sg::ListSigningJobs>({})->jobs->size(), 1U);
}

TEST_P(SigningJobTest, ATokenWithOtherContentIsRefused) {
    prepare();
    ASSERT_TRUE(call<sg::StartSigningJob>(request()));
    auto other = request();
    other.destination.s3->prefix = "elsewhere/";
    EXPECT_REFUSED(call<sg::StartSigningJob>(other), "ValidationException", 400, "new token");
    EXPECT_REFUSED(call<sg::StartSigningJob>(request("")), "ValidationException", 400, "clientRequestToken");
}

TEST_P(SigningJobTest, AnImageBeyondThePlatformsLimitIsRefusedWithBothSizes) {
    image_.assign((std::size_t{16} << 20) + 1, 'f');
    prepare(freertos_platform);
    const auto refused = call<sg::StartSigningJob>(request());
    EXPECT_REFUSED(refused, "ValidationException", 400, "16777217 bytes");
    EXPECT_NE(refused.error().message.find("16 MB"), std::string::npos);
    EXPECT_NE(refused.error().message.find(iot_platform), std::string::npos);
    // Exactly the limit is fine, and the other platform takes more.
    version_ = put("firmware", "app.bin", std::string_view(image_).substr(1));
    EXPECT_TRUE(call<sg::StartSigningJob>(request("exact")));
}

TEST_P(SigningJobTest, SourcesThatSignerCannotTakeAreRefused) {
    prepare();
    const auto refused = [&](auto change, const awsapi::Caller& caller = make_root()) {
        auto in = request();
        change(in);
        return call<sg::StartSigningJob>(in, caller);
    };
    EXPECT_REFUSED(refused([](auto& in) { in.profile_name = "none"; }), "ResourceNotFoundException", 404,
                   "profile with name none does not exist");
    EXPECT_REFUSED(refused([](auto& in) { in.source.s3.reset(); }), "ValidationException", 400, "source.s3");
    EXPECT_REFUSED(refused([](auto& in) { in.source.s3->version.clear(); }), "ValidationException", 400, "version");
    EXPECT_REFUSED(refused([](auto& in) { in.source.s3->bucket_name = "none"; }), "ValidationException", 400, "none");
    EXPECT_REFUSED(refused([](auto& in) { in.source.s3->key = "none"; }), "AccessDeniedException", 403,
                   "S3 object none not accessible. Please check your permissions");
    EXPECT_REFUSED(refused([](auto& in) { in.source.s3->version = "null"; }), "AccessDeniedException", 403, "no version 'null'");
    EXPECT_REFUSED(refused([](auto& in) { in.destination.s3.reset(); }), "ValidationException", 400, "destination.s3.bucketName");
    EXPECT_REFUSED(refused([](auto& in) { in.destination.s3->bucket_name = "none"; }), "ValidationException", 400, "none");
    EXPECT_REFUSED(refused([](auto& in) { in.destination.s3->prefix = std::string(1000, 'p'); }), "ValidationException", 400, "1024");
    EXPECT_REFUSED(refused([](auto& in) { in.profile_owner = "111111111111"; }), "AccessDeniedException", 403, "111111111111");
    EXPECT_REFUSED(refused([](auto&) {}, make_nobody()), "AccessDeniedException", 403, "signer:StartSigningJob");

    make_bucket("plain", "");
    put("plain", "app.bin", "x");
    EXPECT_REFUSED(refused([](auto& in) {
                       in.source.s3 = sg::S3Source{"plain", "app.bin", "null"};
                   }),
                   "ValidationException", 400, "put-bucket-versioning");
    make_bucket("ohio", "Enabled", make_root("us-east-2"));
    EXPECT_REFUSED(refused([](auto& in) { in.destination.s3->bucket_name = "ohio"; }), "ValidationException", 400, "us-east-2");
    make_bucket("foreign", "Enabled", make_root("us-east-1", "111111111111"));
    EXPECT_REFUSED(refused([](auto& in) { in.destination.s3->bucket_name = "foreign"; }), "AccessDeniedException", 403, "another account");
    ASSERT_TRUE(call<sg::CancelSigningProfile>({.profile_name = "otaSign"}));
    EXPECT_REFUSED(refused([](auto&) {}), "ValidationException", 400, "Canceled");
    EXPECT_TRUE(call<sg::ListSigningJobs>({})->jobs->empty());
    EXPECT_TRUE(later_.empty());
}

TEST_P(SigningJobTest, ANullVersionOfASuspendedBucketIsSigned) {
    prepare();
    ASSERT_TRUE(call<s3::PutBucketVersioning>({.bucket = "firmware", .versioning_configuration = {.status = "Suspended"}}));
    version_ = put("firmware", "app.bin", "null version");
    ASSERT_EQ(version_, "null");
    const auto id = *call<sg::StartSigningJob>(request())->job_id;
    run_later();
    expect_verifies(get("firmware", "signed/" + id), x509::SignatureAlgorithm::sha256_ecdsa, sha256("null version"));
}

TEST_P(SigningJobTest, PlatformsWithAKeyOfAwsMakeProfilesButNoJobs) {
    prepare();
    ASSERT_TRUE(call<sg::PutSigningProfile>({.profile_name = "lambda", .platform_id = "AWSLambda-SHA384-ECDSA"}));
    EXPECT_EQ(call<sg::GetSigningProfile>({.profile_name = "lambda"})->signature_validity_period->value, 135);
    auto in = request();
    in.profile_name = "lambda";
    EXPECT_REFUSED(call<sg::StartSigningJob>(in), "ValidationException", 400, "AWS holds");
}

TEST_P(SigningJobTest, WhatGoesWrongLaterFailsTheJobWithAReason) {
    prepare();
    const auto no_certificate = *call<sg::StartSigningJob>(request("1"))->job_id;
    ASSERT_TRUE(call<acm::DeleteCertificate>({.certificate_arn = arn_}));
    run_later();
    EXPECT_EQ(describe(no_certificate).status, "Failed");
    EXPECT_NE(describe(no_certificate).status_reason->find("gone from ACM"), std::string::npos);
    EXPECT_EQ(describe(no_certificate).signed_object, std::nullopt);

    ASSERT_TRUE(signer_.load_certificate(arn_, pair_.certificate, pair_.key));
    const auto no_source = *call<sg::StartSigningJob>(request("2"))->job_id;
    ASSERT_TRUE(call<s3::DeleteObject>({.bucket = "firmware", .key = "app.bin", .version_id = version_}));
    run_later();
    EXPECT_EQ(describe(no_source).status, "Failed");
    EXPECT_NE(describe(no_source).status_reason->find("s3://firmware/app.bin"), std::string::npos);

    version_ = put("firmware", "app.bin", image_);
    const auto expired = *call<sg::StartSigningJob>(request("3"))->job_id;
    clock_.pass(std::chrono::hours(24 * 366));
    run_later();
    EXPECT_EQ(describe(expired).status, "Failed");
    EXPECT_NE(describe(expired).status_reason->find("not valid now"), std::string::npos);
}

TEST_P(SigningJobTest, AJobThatACrashLeftInProgressIsRunAgain) {
    prepare();
    const auto id = *call<sg::StartSigningJob>(request())->job_id;
    later_.clear();  // the process is gone before the work began
    Signer restarted(**store_, clock_, s3_, access_, [this](std::function<void()> work) { later_.push_back(std::move(work)); });
    ASSERT_TRUE(restarted.resume_jobs());
    EXPECT_EQ(later_.size(), 1U);
    run_later();
    EXPECT_EQ(describe(id).status, "Succeeded");
    ASSERT_TRUE(restarted.resume_jobs());
    EXPECT_TRUE(later_.empty());
}

TEST_P(SigningJobTest, JobsAreListedNewestFirstFilteredAndPaged) {
    prepare();
    std::vector<std::string> ids;
    for (const auto* token : {"1", "2", "3"}) {
        clock_.pass(std::chrono::seconds(1));
        ids.insert(ids.begin(), *call<sg::StartSigningJob>(request(token))->job_id);
    }
    run_later();
    std::vector<std::string> seen;
    sg::ListSigningJobsRequest in{.max_results = 2};
    for (int pages = 0; pages < 5; ++pages) {
        const auto page = call<sg::ListSigningJobs>(in);
        for (const auto& one : *page->jobs) seen.push_back(*one.job_id);
        if (!page->next_token) break;
        in.next_token = page->next_token;
    }
    EXPECT_EQ(seen, ids);
    EXPECT_TRUE(call<sg::ListSigningJobs>({.status = "Failed"})->jobs->empty());
    EXPECT_EQ(call<sg::ListSigningJobs>({.status = "Succeeded", .platform_id = iot_platform})->jobs->size(), 3U);
    EXPECT_TRUE(call<sg::ListSigningJobs>({.is_revoked = true})->jobs->empty());
    EXPECT_TRUE(call<sg::ListSigningJobs>({}, make_root("us-east-2"))->jobs->empty());
    EXPECT_REFUSED(call<sg::ListSigningJobs>({.max_results = 26}), "ValidationException", 400, "25");
    EXPECT_REFUSED(call<sg::ListSigningJobs>({.next_token = "bad"}), "ValidationException", 400, "nextToken");
    EXPECT_REFUSED(call<sg::DescribeSigningJob>({.job_id = "none"}), "ResourceNotFoundException", 404, "none");
    EXPECT_REFUSED(call<sg::DescribeSigningJob>({.job_id = ids[0]}, make_root("us-east-2")), "ResourceNotFoundException", 404, "us-east-2");
    EXPECT_REFUSED(call<sg::DescribeSigningJob>({.job_id = ids[0]}, make_nobody()), "AccessDeniedException", 403,
                   "/signing-jobs/" + ids[0]);
}

INSTANTIATE_TEST_SUITE_P(Engines, PlatformTest, testing::ValuesIn(store::testing::engines()), store::testing::engine_name);
INSTANTIATE_TEST_SUITE_P(Engines, ProfileTest, testing::ValuesIn(store::testing::engines()), store::testing::engine_name);
INSTANTIATE_TEST_SUITE_P(Engines, SigningJobTest, testing::ValuesIn(store::testing::engines()), store::testing::engine_name);

}  // namespace
}  // namespace otabahn::signer

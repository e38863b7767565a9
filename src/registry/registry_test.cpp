// SPDX-License-Identifier: Apache-2.0
// The registry as its callers see it, on both engines: spec control-plane 6.
#include "registry/registry.hpp"

#include "access/sql.hpp"
#include "api/iot.hpp"
#include "bus/bus.hpp"
#include "registry/sql.hpp"
#include "store/store_suite.hpp"
#include "x509/x509.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace otabahn::registry {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;
namespace iot = api::iot;

constexpr Timestamp start = std::chrono::sys_days(std::chrono::year(2026) / 3 / 1);

class FixedClock final : public runtime::Clock {
  public:
    Timestamp now() const override { return time_ += Duration(1); }

  private:
    mutable Timestamp time_ = start;
};

// Issues under a key of its own, without files.
class TestAuthority final : public DeviceAuthority {
  public:
    Result<std::string> issue(std::string_view public_key_pem, std::string_view common_name) override {
        auto certificate = x509::issue({.public_key_pem = std::string(public_key_pem),
                                        .subject = {.common_name = std::string(common_name)},
                                        .not_before = start,
                                        .not_after = start + std::chrono::years(20),
                                        .client_auth = true},
                                       key_, &root_);
        if (!certificate) return Unexpected(certificate.error());
        return certificate->to_pem();
    }

  private:
    x509::PrivateKey key_ = x509::PrivateKey::generate(x509::KeyAlgorithm::ec_p256).value();
    x509::Certificate root_ = x509::issue({.public_key_pem = key_.public_key_pem(),
                                           .subject = {.common_name = "test CA"},
                                           .not_before = start,
                                           .not_after = start + std::chrono::years(30),
                                           .certificate_authority = true},
                                          key_, nullptr)
                                  .value();
};

class RegistryTest : public testing::TestWithParam<store::testing::TestEngine> {
  protected:
    RegistryTest()
        : store_(GetParam().open({{"access", access::sql::schema}, {"registry", sql::schema}})),
          access_(**store_, bus_, clock_),
          registry_(**store_, bus_, clock_, authority_, access_, "ota.example") {
        registry_.bind_rest(operations_);
        bus_.on_change([this](const runtime::Change& change) { changes_.push_back(change); });
    }

    template <class Op>
    awsapi::Outcome<typename Op::Output> call(typename Op::Input in, const std::string& region = "us-east-1",
                                              const std::string& account = "561470034375") {
        const awsapi::Caller caller{
            .scope = {AccountId::trusted(account), Region::trusted(region)}, .arn = "arn:aws:iam::" + account + ":root", .root = true};
        auto out = operations_.find(Op::service, Op::name)->plain(caller, &in);
        if (!out) return Unexpected(out.error());
        return *std::static_pointer_cast<typename Op::Output>(*out);
    }
    void make_thing(const std::string& name) { ASSERT_TRUE(call<iot::CreateThing>({.thing_name = name}).has_value()); }
    iot::CreateKeysAndCertificateResponse make_certificate(bool active = true) {
        auto made = call<iot::CreateKeysAndCertificate>({.set_as_active = active});
        EXPECT_TRUE(made.has_value());
        return *made;
    }

    bus::InProcessBus bus_;
    FixedClock clock_;
    TestAuthority authority_;
    std::unique_ptr<store::testing::TestStore> store_;
    access::Access access_;
    Registry registry_;
    awsapi::Operations operations_;
    std::vector<runtime::Change> changes_;
};

constexpr std::string_view any_policy = R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*","Resource":"*"}]})";

#define EXPECT_REFUSED(outcome, name, words)                     \
    do {                                                         \
        const auto refused_ = (outcome);                         \
        ASSERT_FALSE(refused_.has_value());                      \
        EXPECT_EQ(refused_.error().code, name);                  \
        EXPECT_THAT(refused_.error().message, HasSubstr(words)); \
    } while (false)

TEST_P(RegistryTest, CreatingAThingTwiceAlikeIsFineAndDifferentlyIsRefused) {
    const auto first =
        call<iot::CreateThing>({.thing_name = "t", .attribute_payload = iot::AttributePayload{.attributes = {{{"a", "1"}}}}});
    const auto again =
        call<iot::CreateThing>({.thing_name = "t", .attribute_payload = iot::AttributePayload{.attributes = {{{"a", "1"}}}}});
    ASSERT_TRUE(first && again);
    EXPECT_EQ(first->thing_id, again->thing_id);
    EXPECT_EQ(first->thing_arn, "arn:aws:iot:us-east-1:561470034375:thing/t");
    EXPECT_REFUSED(call<iot::CreateThing>({.thing_name = "t"}), "ResourceAlreadyExistsException", "different attributes");
}

TEST_P(RegistryTest, AThingLivesInItsAccountAndRegionOnly) {
    make_thing("t");
    EXPECT_REFUSED(call<iot::DescribeThing>({.thing_name = "t"}, "us-east-2"), "ResourceNotFoundException", "us-east-2");
    EXPECT_REFUSED(call<iot::DescribeThing>({.thing_name = "t"}, "us-east-1", "000000000000"), "ResourceNotFoundException", "000000000000");
    EXPECT_TRUE(call<iot::ListThings>({}, "us-east-2")->things->empty());
}

TEST_P(RegistryTest, FourAttributesWithoutATypeAreRefused) {
    EXPECT_REFUSED(call<iot::CreateThing>(
                       {.thing_name = "t",
                        .attribute_payload = iot::AttributePayload{.attributes = {{{"a", "1"}, {"b", "2"}, {"c", "3"}, {"d", "4"}}}}}),
                   "InvalidRequestException", "at most 3");
}

TEST_P(RegistryTest, AnUnknownTypeOrBillingGroupIsRefusedAndNotIgnored) {
    EXPECT_REFUSED(call<iot::CreateThing>({.thing_name = "t", .thing_type_name = "lamp"}), "ResourceNotFoundException", "lamp");
    EXPECT_REFUSED(call<iot::CreateThing>({.thing_name = "t", .billing_group_name = "b"}), "ResourceNotFoundException", "Billing group b");
}

TEST_P(RegistryTest, UpdateMergesReplacesAndRemovesAttributesAndChecksTheVersion) {
    call<iot::CreateThing>({.thing_name = "t", .attribute_payload = iot::AttributePayload{.attributes = {{{"a", "1"}}}}}).value();
    ASSERT_TRUE(call<iot::UpdateThing>({.thing_name = "t",
                                        .attribute_payload = iot::AttributePayload{.attributes = {{{"b", "2"}, {"a", ""}}}, .merge = true},
                                        .expected_version = 1}));
    const auto thing = call<iot::DescribeThing>({.thing_name = "t"});
    EXPECT_EQ(thing->attributes, (std::map<std::string, std::string>{{"b", "2"}}));
    EXPECT_EQ(thing->version, 2);
    EXPECT_REFUSED(call<iot::UpdateThing>({.thing_name = "t", .expected_version = 1}), "VersionConflictException", "version 2");
}

TEST_P(RegistryTest, ThingsComeInPagesThatMeet) {
    for (int i = 0; i < 7; ++i) make_thing("t" + std::to_string(i));
    std::vector<std::string> names;
    std::optional<std::string> token;
    int pages = 0;
    do {
        const auto page = call<iot::ListThings>({.next_token = token, .max_results = 3});
        ASSERT_TRUE(page.has_value());
        for (const auto& thing : *page->things) names.push_back(*thing.thing_name);
        token = page->next_token;
        ++pages;
    } while (token);
    EXPECT_THAT(names, ElementsAre("t0", "t1", "t2", "t3", "t4", "t5", "t6"));
    EXPECT_EQ(pages, 3);
    EXPECT_REFUSED(call<iot::ListThings>({.next_token = "zz"}), "InvalidRequestException", "Next token is invalid");
    EXPECT_REFUSED(call<iot::ListThings>({.max_results = 251}), "InvalidRequestException", "251");
}

TEST_P(RegistryTest, ListThingsFiltersByAttribute) {
    for (const char* colour : {"red", "green"})
        call<iot::CreateThing>({.thing_name = colour, .attribute_payload = iot::AttributePayload{.attributes = {{{"colour", colour}}}}})
            .value();
    const auto found = call<iot::ListThings>({.attribute_name = "colour", .attribute_value = "red"});
    ASSERT_EQ(found->things->size(), 1U);
    EXPECT_EQ(found->things->front().thing_name, "red");
}

TEST_P(RegistryTest, DeletingAThingThatIsNotThereSucceedsAndOneWithAPrincipalIsRefused) {
    EXPECT_TRUE(call<iot::DeleteThing>({.thing_name = "nobody"}).has_value());
    make_thing("t");
    const auto certificate = make_certificate();
    call<iot::AttachThingPrincipal>({.thing_name = "t", .principal = *certificate.certificate_arn}).value();
    EXPECT_REFUSED(call<iot::DeleteThing>({.thing_name = "t"}), "InvalidRequestException", "DetachThingPrincipal");
    call<iot::DetachThingPrincipal>({.thing_name = "t", .principal = *certificate.certificate_arn}).value();
    EXPECT_TRUE(call<iot::DeleteThing>({.thing_name = "t"}).has_value());
    EXPECT_REFUSED(call<iot::DescribeThing>({.thing_name = "t"}), "ResourceNotFoundException", "t");
}

TEST_P(RegistryTest, MembersOfAGroupCountThoseOfItsDescendants) {
    call<iot::CreateThingGroup>({.thing_group_name = "all"}).value();
    call<iot::CreateThingGroup>({.thing_group_name = "some", .parent_group_name = "all"}).value();
    for (const char* name : {"a", "b"}) make_thing(name);
    call<iot::AddThingToThingGroup>({.thing_group_name = "all", .thing_name = "a"}).value();
    call<iot::AddThingToThingGroup>({.thing_group_name = "some", .thing_name = "b"}).value();
    EXPECT_THAT(*call<iot::ListThingsInThingGroup>({.thing_group_name = "all"})->things, ElementsAre("a"));
    EXPECT_THAT(*call<iot::ListThingsInThingGroup>({.thing_group_name = "all", .recursive = true})->things, ElementsAre("a", "b"));
    const Scope scope{AccountId::trusted("561470034375"), Region::trusted("us-east-1")};
    const auto members =
        (*store_)->read([&](runtime::SqlSession& session) { return Registry::members(session, scope, ThingGroupName::trusted("all")); });
    EXPECT_THAT(members, ElementsAre(ThingName::trusted("a"), ThingName::trusted("b")));
    EXPECT_REFUSED(call<iot::AddThingToThingGroup>({.thing_group_name = "some", .thing_name = "a"}), "InvalidRequestException",
                   "same hierarchy");
    EXPECT_REFUSED(call<iot::DeleteThingGroup>({.thing_group_name = "all"}), "InvalidRequestException", "child group some");
}

TEST_P(RegistryTest, GroupsAndThingsThatAreNotThereAreNamed) {
    make_thing("t");
    EXPECT_REFUSED(call<iot::AddThingToThingGroup>({.thing_group_name = "g", .thing_name = "t"}), "ResourceNotFoundException",
                   "Thing group g");
    call<iot::CreateThingGroup>({.thing_group_name = "g"}).value();
    EXPECT_REFUSED(call<iot::AddThingToThingGroup>({.thing_group_name = "g", .thing_name = "u"}), "ResourceNotFoundException", "Thing u");
    EXPECT_REFUSED(call<iot::AddThingToThingGroup>({.thing_group_name = "g"}), "InvalidRequestException", "Neither a name nor an ARN");
    EXPECT_REFUSED(call<iot::CreateThingGroup>({.thing_group_name = "h", .parent_group_name = "p"}), "InvalidRequestException",
                   "p does not exist");
    EXPECT_REFUSED(call<iot::ListThingsInThingGroup>({.thing_group_name = "x"}), "ResourceNotFoundException", "x");
}

TEST_P(RegistryTest, KeysAndCertificateAreRsaInactiveByDefaultAndNamedByTheirHash) {
    const auto made = make_certificate(false);
    const auto certificate = x509::Certificate::parse_pem(*made.certificate_pem);
    ASSERT_TRUE(certificate.has_value());
    EXPECT_EQ(certificate->id(), *made.certificate_id);
    EXPECT_EQ(certificate->key_algorithm(), x509::KeyAlgorithm::rsa);
    EXPECT_TRUE(x509::PrivateKey::parse_pem(*made.key_pair->private_key)->fits(*certificate));
    EXPECT_EQ(call<iot::DescribeCertificate>({.certificate_id = *made.certificate_id})->certificate_description->status, "INACTIVE");
}

TEST_P(RegistryTest, ACertificateFromACsrCarriesTheCsrsKey) {
    const auto key = x509::PrivateKey::generate(x509::KeyAlgorithm::ec_p256);
    const auto csr = x509::make_csr(*key, {.common_name = "dev"});
    const auto made = call<iot::CreateCertificateFromCsr>({.certificate_signing_request = *csr, .set_as_active = true});
    ASSERT_TRUE(made.has_value());
    EXPECT_TRUE(key->fits(*x509::Certificate::parse_pem(*made->certificate_pem)));
    EXPECT_REFUSED(call<iot::CreateCertificateFromCsr>({.certificate_signing_request = "garbage"}), "InvalidRequestException",
                   "signing request was refused");
}

TEST_P(RegistryTest, CertificatesAreListedNewestFirstInPages) {
    std::vector<std::string> ids;
    for (int i = 0; i < 3; ++i) ids.push_back(*make_certificate().certificate_id);
    const auto first = call<iot::ListCertificates>({.page_size = 2});
    ASSERT_TRUE(first.has_value());
    ASSERT_EQ(first->certificates->size(), 2U);
    EXPECT_EQ(first->certificates->front().certificate_id, ids[2]);
    const auto second = call<iot::ListCertificates>({.page_size = 2, .marker = first->next_marker});
    ASSERT_EQ(second->certificates->size(), 1U);
    EXPECT_EQ(second->certificates->front().certificate_id, ids[0]);
    EXPECT_EQ(call<iot::ListCertificates>({.page_size = 1, .ascending_order = true})->certificates->front().certificate_id, ids[0]);
}

TEST_P(RegistryTest, AStatusChangeIsAnnouncedAndUnknownOnesAreRefused) {
    const auto id = *make_certificate().certificate_id;
    changes_.clear();
    ASSERT_TRUE(call<iot::UpdateCertificate>({.certificate_id = id, .new_status = "INACTIVE"}));
    ASSERT_EQ(changes_.size(), 1U);
    EXPECT_EQ(changes_.front().kind, runtime::ChangeKind::certificate);
    EXPECT_EQ(changes_.front().key, id);
    EXPECT_REFUSED(call<iot::UpdateCertificate>({.certificate_id = id, .new_status = "PENDING_TRANSFER"}), "InvalidRequestException",
                   "PENDING_TRANSFER");
    EXPECT_REFUSED(call<iot::UpdateCertificate>({.certificate_id = std::string(64, 'a'), .new_status = "ACTIVE"}),
                   "ResourceNotFoundException", "not found");
}

TEST_P(RegistryTest, ADeletedCertificateMustBeInactiveAndAttachedToNothing) {
    const auto made = make_certificate();
    make_thing("t");
    call<iot::CreatePolicy>({.policy_name = "p", .policy_document = std::string(any_policy)}).value();
    call<iot::AttachPolicy>({.policy_name = "p", .target = *made.certificate_arn}).value();
    call<iot::AttachThingPrincipal>({.thing_name = "t", .principal = *made.certificate_arn}).value();
    const iot::DeleteCertificateRequest remove{.certificate_id = *made.certificate_id};
    EXPECT_REFUSED(call<iot::DeleteCertificate>(remove), "CertificateStateException", "INACTIVE first");
    call<iot::UpdateCertificate>({.certificate_id = *made.certificate_id, .new_status = "INACTIVE"}).value();
    EXPECT_REFUSED(call<iot::DeleteCertificate>(remove), "DeleteConflictException", "thing t");
    call<iot::DetachThingPrincipal>({.thing_name = "t", .principal = *made.certificate_arn}).value();
    EXPECT_REFUSED(call<iot::DeleteCertificate>(remove), "DeleteConflictException", "policy p");
    EXPECT_TRUE(call<iot::DeleteCertificate>({.certificate_id = *made.certificate_id, .force_delete = true}).has_value());
}

TEST_P(RegistryTest, PoliciesAreParsedWhenMadeAndReturnedAsTheyCame) {
    const std::string text = std::string("  ") + std::string(any_policy) + "\n";
    ASSERT_TRUE(call<iot::CreatePolicy>({.policy_name = "p", .policy_document = text}));
    EXPECT_EQ(call<iot::GetPolicy>({.policy_name = "p"})->policy_document, text);
    EXPECT_REFUSED(call<iot::CreatePolicy>({.policy_name = "p", .policy_document = text}), "ResourceAlreadyExistsException", "p");
    EXPECT_REFUSED(call<iot::CreatePolicy>({.policy_name = "q", .policy_document = "{"}), "MalformedPolicyException", "q");
    EXPECT_REFUSED(call<iot::GetPolicy>({.policy_name = "q"}), "ResourceNotFoundException", "q");
}

TEST_P(RegistryTest, APolicyIsAttachedToWhatExistsHereAndTenIsTheLimit) {
    const auto arn = *make_certificate().certificate_arn;
    EXPECT_REFUSED(call<iot::AttachPolicy>({.policy_name = "p", .target = arn}), "ResourceNotFoundException", "Policy p");
    for (int i = 0; i < 11; ++i)
        call<iot::CreatePolicy>({.policy_name = "p" + std::to_string(i), .policy_document = std::string(any_policy)}).value();
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(call<iot::AttachPolicy>({.policy_name = "p" + std::to_string(i), .target = arn}));
    EXPECT_TRUE(call<iot::AttachPolicy>({.policy_name = "p3", .target = arn}).has_value()) << "attaching again is no error";
    EXPECT_REFUSED(call<iot::AttachPolicy>({.policy_name = "p10", .target = arn}), "LimitExceededException", "10");
    EXPECT_REFUSED(
        call<iot::AttachPolicy>({.policy_name = "p1", .target = "arn:aws:iot:us-east-2:561470034375:cert/" + std::string(64, 'a')}),
        "InvalidRequestException", "cannot carry a policy");
    EXPECT_REFUSED(call<iot::DeletePolicy>({.policy_name = "p1"}), "DeleteConflictException", "DetachPolicy");
    EXPECT_TRUE(call<iot::DetachPolicy>({.policy_name = "p10", .target = arn}).has_value()) << "detaching what is not attached is no error";
    EXPECT_EQ(call<iot::ListAttachedPolicies>({.target = arn, .page_size = 4})->policies->size(), 4U);
    EXPECT_THAT(*call<iot::ListTargetsForPolicy>({.policy_name = "p1"})->targets, ElementsAre(arn));
}

TEST_P(RegistryTest, TheIdentityOfACertificateHoldsPoliciesAndThings) {
    const auto made = make_certificate();
    make_thing("t");
    call<iot::CreatePolicy>({.policy_name = "p", .policy_document = std::string(any_policy)}).value();
    call<iot::AttachPolicy>({.policy_name = "p", .target = *made.certificate_arn}).value();
    call<iot::AttachThingPrincipal>({.thing_name = "t", .principal = *made.certificate_arn}).value();
    const auto identity = registry_.load_identity(CertificateId::trusted(*made.certificate_id), std::nullopt);
    ASSERT_TRUE(identity.has_value());
    EXPECT_EQ(identity->status, "ACTIVE");
    EXPECT_EQ(identity->scope.region.text(), "us-east-1");
    EXPECT_THAT(identity->things, ElementsAre("t"));
    ASSERT_EQ(identity->policies.size(), 1U);
    EXPECT_EQ(identity->policies.front().document, any_policy);
}

TEST_P(RegistryTest, AnIdentityIsLookedForInTheRegionThatSniNames) {
    const auto id = CertificateId::trusted(*make_certificate().certificate_id);
    EXPECT_TRUE(registry_.load_identity(id, Region::trusted("us-east-1")).has_value());
    const auto elsewhere = registry_.load_identity(id, Region::trusted("eu-west-1"));
    ASSERT_FALSE(elsewhere.has_value());
    EXPECT_THAT(elsewhere.error().message, HasSubstr("not registered in region eu-west-1"));
    const auto unknown = registry_.load_identity(CertificateId::trusted(std::string(64, 'b')), std::nullopt);
    EXPECT_THAT(unknown.error().message, HasSubstr("not registered in any account"));
}

TEST_P(RegistryTest, AThingsFactsHoldThePoliciesOfItsGroupsAndTheirAncestors) {
    call<iot::CreateThingGroup>({.thing_group_name = "all"}).value();
    call<iot::CreateThingGroup>({.thing_group_name = "some", .parent_group_name = "all"}).value();
    for (const char* name : {"p-all", "p-some"})
        call<iot::CreatePolicy>({.policy_name = name, .policy_document = std::string(any_policy)}).value();
    call<iot::AttachPolicy>({.policy_name = "p-all", .target = "arn:aws:iot:us-east-1:561470034375:thinggroup/all"}).value();
    call<iot::AttachPolicy>({.policy_name = "p-some", .target = "arn:aws:iot:us-east-1:561470034375:thinggroup/some"}).value();
    make_thing("t");
    call<iot::AddThingToThingGroup>({.thing_group_name = "some", .thing_name = "t"}).value();
    const Scope scope{AccountId::trusted("561470034375"), Region::trusted("us-east-1")};
    const auto facts = registry_.load_thing(scope, ThingName::trusted("t"));
    ASSERT_TRUE(facts && *facts);
    std::vector<std::string> names;
    for (const auto& policy : (*facts)->group_policies) names.push_back(policy.name);
    EXPECT_THAT(names, UnorderedElementsAre("p-all", "p-some"));
    EXPECT_FALSE(registry_.load_thing(scope, ThingName::trusted("u"))->has_value());
}

TEST_P(RegistryTest, TheEndpointIsTheConfiguredHostAndOtherKindsAreRefused) {
    EXPECT_EQ(call<iot::DescribeEndpoint>({.endpoint_type = "iot:Data-ATS"})->endpoint_address, "ota.example");
    EXPECT_REFUSED(call<iot::DescribeEndpoint>({.endpoint_type = "iot:CredentialProvider"}), "InvalidRequestException", "iot:Data-ATS");
}

INSTANTIATE_TEST_SUITE_P(Engines, RegistryTest, testing::ValuesIn(store::testing::engines()), store::testing::engine_name);

}  // namespace
}  // namespace otabahn::registry

// SPDX-License-Identifier: Apache-2.0
// Roles and their policies over the operations of IAM.
#include "access/access_fixture_test.hpp"

#include "api/iam.hpp"

#include <regex>

namespace otabahn::access {
namespace {

using namespace testing_support;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace iam = api::iam;

constexpr const char* aws_ota = "arn:aws:iam::aws:policy/service-role/AmazonFreeRTOSOTAUpdate";

class Roles : public AccessTest {
  protected:
    iam::Role make(const std::string& name) {
        return call<iam::CreateRole>({.role_name = name, .assume_role_policy_document = iot_trust}).value().role;
    }
    template <class T>
    void expect_error(const awsapi::Outcome<T>& outcome, const char* code, int status, const std::string& says) {
        ASSERT_FALSE(outcome);
        EXPECT_EQ(outcome.error().code, code);
        EXPECT_EQ(outcome.error().status, status);
        EXPECT_THAT(outcome.error().message, HasSubstr(says));
    }
};
INSTANTIATE_TEST_SUITE_P(Engines, Roles, ::testing::ValuesIn(store::testing::engines()), store::testing::engine_name);

TEST_P(Roles, CreateRoleGivesWhatGetRoleTells) {
    const auto made = call<iam::CreateRole>({.path = "/service-role/",
                                             .role_name = "otabahn-Stream",
                                             .assume_role_policy_document = iot_trust,
                                             .description = "reads firmware",
                                             .max_session_duration = 7200,
                                             .tags = std::vector<iam::Tag>{{"team", "ota"}}})
                          .value()
                          .role;
    EXPECT_EQ(made.arn, "arn:aws:iam::123456789012:role/service-role/otabahn-Stream");
    EXPECT_TRUE(std::regex_match(made.role_id, std::regex("AROA[A-Z0-9]{17}"))) << made.role_id;
    EXPECT_EQ(made.create_date, clock_.now());
    const auto got = call<iam::GetRole>({"OTABAHN-stream"}).value().role;
    EXPECT_EQ(got.role_name, "otabahn-Stream") << "found ignoring case, told as written";
    EXPECT_EQ(got.role_id, made.role_id);
    EXPECT_EQ(got.path, "/service-role/");
    EXPECT_EQ(got.description, "reads firmware");
    EXPECT_EQ(got.max_session_duration, 7200);
    ASSERT_TRUE(got.tags.has_value());
    EXPECT_EQ(got.tags->front().value, "ota");
    EXPECT_TRUE(got.role_last_used.has_value());
    EXPECT_THAT(changed_roles_, ElementsAre("otabahn-Stream"));
}

TEST_P(Roles, DocumentsInAnswersArePercentEncoded) {
    make("R");
    const std::string document = *call<iam::GetRole>({"R"}).value().role.assume_role_policy_document;
    EXPECT_THAT(document, HasSubstr("%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B"));
    ASSERT_TRUE(call<iam::PutRolePolicy>({"R", "p", allow_document("s3:GetObject", "arn:aws:s3:::b/ä~*")}));
    EXPECT_THAT(call<iam::GetRolePolicy>({"R", "p"}).value().policy_document, HasSubstr("arn%3Aaws%3As3%3A%3A%3Ab%2F%C3%A4~%2A"));
}

TEST_P(Roles, ANameIsTakenIgnoringCaseAndOnlyInItsAccount) {
    make("Stream");
    expect_error(call<iam::CreateRole>({.role_name = "stream", .assume_role_policy_document = iot_trust}), "EntityAlreadyExists", 409,
                 "Role with name stream already exists.");
    awsapi::Caller other = caller_;
    other.scope.account = AccountId::trusted("999999999999");
    EXPECT_FALSE(call_as<iam::GetRole>(other, {"Stream"}));
    EXPECT_TRUE(call_as<iam::CreateRole>(other, {.role_name = "stream", .assume_role_policy_document = iot_trust}));
    other.scope = caller_.scope;
    other.scope.region = Region::trusted("us-east-2");
    EXPECT_TRUE(call_as<iam::GetRole>(other, {"Stream"})) << "IAM has no region";
}

TEST_P(Roles, AMalformedTrustPolicyMakesNoRole) {
    for (const std::string& document :
         {std::string("{"), std::string("{}"), allow_document("sts:AssumeRole", "*"),
          std::string(R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"iot","Action":"sts:AssumeRole"}})")})
        expect_error(call<iam::CreateRole>({.role_name = "R", .assume_role_policy_document = document}), "MalformedPolicyDocument", 400,
                     "a role's trust policy");
    std::string large = iot_trust;
    large.insert(large.size() - 3, R"(,"Sid":")" + std::string(2048, 'x') + "\"");
    expect_error(call<iam::CreateRole>({.role_name = "R", .assume_role_policy_document = large}), "LimitExceeded", 409,
                 "ACLSizePerRole: 2048");
    expect_error(call<iam::GetRole>({"R"}), "NoSuchEntity", 404, "The role with name R cannot be found.");
    EXPECT_TRUE(changed_roles_.empty());
}

TEST_P(Roles, ABoundaryThatWouldBeIgnoredIsRefused) {
    expect_error(call<iam::CreateRole>(
                     {.role_name = "R", .assume_role_policy_document = iot_trust, .permissions_boundary = "arn:aws:iam::aws:policy/x"}),
                 "NotImplemented", 501, "PermissionsBoundary");
    EXPECT_FALSE(call<iam::GetRole>({"R"}));
}

TEST_P(Roles, TagsThatIamRefusesAreRefused) {
    const auto with = [&](std::vector<iam::Tag> tags) {
        return call<iam::CreateRole>({.role_name = "R", .assume_role_policy_document = iot_trust, .tags = std::move(tags)});
    };
    expect_error(with({{"a", "1"}, {"A", "2"}}), "InvalidInput", 400, "Duplicate tag keys");
    expect_error(with({{"aws:x", "1"}}), "InvalidInput", 400, "reserved");
    expect_error(with(std::vector<iam::Tag>(51, {"a", "b"})), "LimitExceeded", 409, "TagsPerResource");
}

TEST_P(Roles, ListRolesPagesByNameAndPath) {
    for (const char* name : {"c", "A", "b"}) make(name);
    ASSERT_TRUE(call<iam::CreateRole>({.path = "/x/", .role_name = "d", .assume_role_policy_document = iot_trust}));
    const auto first = call<iam::ListRoles>({.max_items = 3}).value();
    ASSERT_EQ(first.roles.size(), 3U);
    EXPECT_EQ(first.roles[0].role_name, "A");
    EXPECT_EQ(first.is_truncated, true);
    const auto second = call<iam::ListRoles>({.marker = first.marker, .max_items = 3}).value();
    ASSERT_EQ(second.roles.size(), 1U);
    EXPECT_EQ(second.roles[0].role_name, "d");
    EXPECT_EQ(second.is_truncated, false);
    EXPECT_FALSE(second.marker.has_value());
    const auto below = call<iam::ListRoles>({.path_prefix = "/x/"}).value();
    ASSERT_EQ(below.roles.size(), 1U);
    EXPECT_TRUE(call<iam::ListRoles>({.path_prefix = "/X/"}).value().roles.empty());
}

TEST_P(Roles, UpdatesChangeTrustDescriptionAndSession) {
    make("R");
    const std::string other = R"({"Statement":{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sts:AssumeRole"}})";
    ASSERT_TRUE(call<iam::UpdateAssumeRolePolicy>({"R", other}));
    EXPECT_THAT(*call<iam::GetRole>({"R"}).value().role.assume_role_policy_document, HasSubstr("%22AWS%22"));
    ASSERT_TRUE(call<iam::UpdateRole>({.role_name = "R", .description = "d"}));
    ASSERT_TRUE(call<iam::UpdateRole>({.role_name = "R", .max_session_duration = 7200}));
    const auto role = call<iam::GetRole>({"R"}).value().role;
    EXPECT_EQ(role.description, "d");
    EXPECT_EQ(role.max_session_duration, 7200);
    EXPECT_THAT(changed_roles_, ElementsAre("R", "R"));
    expect_error(call<iam::UpdateAssumeRolePolicy>({"R", "{"}), "MalformedPolicyDocument", 400, "no JSON");
    expect_error(call<iam::UpdateAssumeRolePolicy>({"none", other}), "NoSuchEntity", 404, "none");
    expect_error(call<iam::UpdateRole>({.role_name = "none"}), "NoSuchEntity", 404, "none");
}

TEST_P(Roles, InlinePoliciesAreReplacedListedAndDeleted) {
    make("R");
    ASSERT_TRUE(call<iam::PutRolePolicy>({"R", "b", allow_document("s3:GetObject", "*")}));
    ASSERT_TRUE(call<iam::PutRolePolicy>({"R", "a", allow_document("s3:GetObject", "*")}));
    ASSERT_TRUE(call<iam::PutRolePolicy>({"r", "B", allow_document("s3:PutObject", "*")}));
    EXPECT_THAT(call<iam::ListRolePolicies>({"R"}).value().policy_names, ElementsAre("a", "B"));
    EXPECT_THAT(call<iam::GetRolePolicy>({"R", "b"}).value().policy_document, HasSubstr("PutObject"));
    const auto page = call<iam::ListRolePolicies>({.role_name = "R", .max_items = 1}).value();
    EXPECT_EQ(page.is_truncated, true);
    EXPECT_THAT(call<iam::ListRolePolicies>({.role_name = "R", .marker = page.marker}).value().policy_names, ElementsAre("B"));
    ASSERT_TRUE(call<iam::DeleteRolePolicy>({"R", "a"}));
    expect_error(call<iam::DeleteRolePolicy>({"R", "a"}), "NoSuchEntity", 404, "The role policy with name a cannot be found.");
    expect_error(call<iam::GetRolePolicy>({"R", "a"}), "NoSuchEntity", 404, "The role policy with name a cannot be found.");
    EXPECT_EQ(changed_roles_.size(), 5U);
}

TEST_P(Roles, InlinePoliciesAreRefusedForWhatTheyAre) {
    expect_error(call<iam::PutRolePolicy>({"none", "p", allow_document("s3:GetObject", "*")}), "NoSuchEntity", 404,
                 "The role with name none");
    expect_error(call<iam::ListRolePolicies>({"none"}), "NoSuchEntity", 404, "none");
    expect_error(call<iam::DeleteRolePolicy>({"none", "p"}), "NoSuchEntity", 404, "none");
    make("R");
    expect_error(call<iam::PutRolePolicy>({"R", "p", iot_trust}), "MalformedPolicyDocument", 400,
                 "Statement[0] has the member 'Principal'");
    const std::string half = allow_document("s3:GetObject", "arn:aws:s3:::" + std::string(5200, 'x'));
    ASSERT_TRUE(call<iam::PutRolePolicy>({"R", "p", half}));
    expect_error(call<iam::PutRolePolicy>({"R", "q", half}), "LimitExceeded", 409,
                 "Maximum policy size of 10240 bytes exceeded for role R");
    EXPECT_TRUE(call<iam::PutRolePolicy>({"R", "P", half})) << "replacing counts once";
}

TEST_P(Roles, PoliciesAreAttachedOnceAndDetachedOnce) {
    make("R");
    ASSERT_TRUE(call<iam::AttachRolePolicy>({"R", aws_ota}));
    ASSERT_TRUE(call<iam::AttachRolePolicy>({"R", aws_ota})) << "attaching twice is attaching";
    const std::string own =
        *call<iam::CreatePolicy>({.policy_name = "Own", .path = "/x/", .policy_document = allow_document("s3:GetObject", "*")})
             .value()
             .policy->arn;
    EXPECT_EQ(own, "arn:aws:iam::123456789012:policy/x/Own");
    ASSERT_TRUE(call<iam::AttachRolePolicy>({"R", own}));
    const auto attached = *call<iam::ListAttachedRolePolicies>({"R"}).value().attached_policies;
    ASSERT_EQ(attached.size(), 2U);
    EXPECT_EQ(attached[0].policy_name, "Own");
    EXPECT_EQ(attached[1].policy_arn, aws_ota);
    EXPECT_EQ(call<iam::ListAttachedRolePolicies>({.role_name = "R", .path_prefix = "/x/"}).value().attached_policies->size(), 1U);
    EXPECT_EQ(call<iam::GetPolicy>({own}).value().policy->attachment_count, 1);
    expect_error(call<iam::DeletePolicy>({own}), "DeleteConflict", 409, "attached to entities");
    expect_error(call<iam::DeleteRole>({"R"}), "DeleteConflict", 409, "must detach all policies first.");
    ASSERT_TRUE(call<iam::DetachRolePolicy>({"R", own}));
    expect_error(call<iam::DetachRolePolicy>({"R", own}), "NoSuchEntity", 404, "not attached to role R");
    EXPECT_TRUE(call<iam::DeletePolicy>({own}));
}

TEST_P(Roles, APolicyThatIsNotThereIsNotAttached) {
    make("R");
    expect_error(call<iam::AttachRolePolicy>({"none", aws_ota}), "NoSuchEntity", 404, "The role with name none");
    expect_error(call<iam::AttachRolePolicy>({"R", "arn:aws:iam::aws:policy/AdministratorAccess"}), "NoSuchEntity", 404, aws_ota);
    ASSERT_TRUE(call<iam::CreatePolicy>({.policy_name = "Own", .policy_document = allow_document("s3:GetObject", "*")}));
    for (const char* arn : {"arn:aws:iam::123456789012:policy/other", "arn:aws:iam::999999999999:policy/Own",
                            "arn:aws:iam::123456789012:policy/x/Own", "arn:aws:iam::123456789012:role/R", "nonsense that is long enough"})
        expect_error(call<iam::AttachRolePolicy>({"R", arn}), "NoSuchEntity", 404, "does not exist or is not attachable");
}

TEST_P(Roles, TheEleventhPolicyIsRefused) {
    make("R");
    for (int i = 0; i < 11; ++i) {
        const std::string arn =
            *call<iam::CreatePolicy>({.policy_name = "p" + std::to_string(i), .policy_document = allow_document("s3:GetObject", "*")})
                 .value()
                 .policy->arn;
        const auto attached = call<iam::AttachRolePolicy>({"R", arn});
        if (i < 10) {
            EXPECT_TRUE(attached);
        } else {
            expect_error(attached, "LimitExceeded", 409, "PoliciesPerRole: 10");
        }
    }
    EXPECT_EQ(call<iam::ListAttachedRolePolicies>({"R"}).value().attached_policies->size(), 10U) << "the refused one left nothing";
}

TEST_P(Roles, DeleteRoleWantsItEmptyAndThere) {
    make("R");
    ASSERT_TRUE(call<iam::PutRolePolicy>({"R", "p", allow_document("s3:GetObject", "*")}));
    expect_error(call<iam::DeleteRole>({"R"}), "DeleteConflict", 409, "Cannot delete entity, must delete policies first.");
    ASSERT_TRUE(call<iam::DeleteRolePolicy>({"R", "p"}));
    ASSERT_TRUE(call<iam::DeleteRole>({"R"}));
    expect_error(call<iam::DeleteRole>({"R"}), "NoSuchEntity", 404, "The role with name R cannot be found.");
    make("R");
    EXPECT_TRUE(call<iam::ListRolePolicies>({"R"}).value().policy_names.empty());
}

TEST_P(Roles, CustomerPoliciesAreMadeReadListedAndRefused) {
    const auto made =
        *call<iam::CreatePolicy>({.policy_name = "Read", .policy_document = allow_document("s3:GetObject", "*"), .description = "d"})
             .value()
             .policy;
    EXPECT_TRUE(std::regex_match(*made.policy_id, std::regex("ANPA[A-Z0-9]{17}")));
    EXPECT_EQ(made.default_version_id, "v1");
    EXPECT_FALSE(made.description.has_value()) << "only GetPolicy tells it";
    EXPECT_EQ(call<iam::GetPolicy>({*made.arn}).value().policy->description, "d");
    EXPECT_THAT(*call<iam::GetPolicyVersion>({*made.arn, "v1"}).value().policy_version->document, HasSubstr("%22s3%3AGetObject%22"));
    EXPECT_THAT(*call<iam::GetPolicyVersion>({aws_ota, "v3"}).value().policy_version->document, HasSubstr("afr-ota%2A"));
    expect_error(call<iam::GetPolicyVersion>({*made.arn, "v2"}), "NoSuchEntity", 404, "version v2 does not exist");
    expect_error(call<iam::CreatePolicy>({.policy_name = "READ", .policy_document = allow_document("s3:GetObject", "*")}),
                 "EntityAlreadyExists", 409, "A policy called READ already exists.");
    expect_error(call<iam::CreatePolicy>({.policy_name = "x", .policy_document = "[]"}), "MalformedPolicyDocument", 400, "no JSON object");
    expect_error(call<iam::CreatePolicy>(
                     {.policy_name = "x", .policy_document = allow_document("s3:GetObject", "arn:aws:s3:::" + std::string(6144, 'x'))}),
                 "LimitExceeded", 409, "PolicySize: 6144");
    expect_error(call<iam::GetPolicy>({"arn:aws:iam::123456789012:policy/none"}), "NoSuchEntity", 404, "was not found");
    expect_error(call<iam::DeletePolicy>({aws_ota}), "AccessDenied", 403, "AWS's own");

    ASSERT_TRUE(call<iam::CreatePolicy>({.policy_name = "a", .policy_document = allow_document("s3:GetObject", "*")}));
    EXPECT_EQ(call<iam::ListPolicies>({}).value().policies->size(), 4U) << "two of AWS's and two of the account's";
    EXPECT_EQ(call<iam::ListPolicies>({.scope = "AWS"}).value().policies->size(), 2U);
    const auto page = call<iam::ListPolicies>({.scope = "Local", .max_items = 1}).value();
    ASSERT_EQ(page.policies->size(), 1U);
    EXPECT_EQ(page.is_truncated, true);
    EXPECT_EQ(call<iam::ListPolicies>({.scope = "Local", .marker = page.marker}).value().policies->front().policy_name, "Read");
    make("R");
    ASSERT_TRUE(call<iam::AttachRolePolicy>({"R", *made.arn}));
    const auto only = call<iam::ListPolicies>({.only_attached = true}).value();
    ASSERT_EQ(only.policies->size(), 1U);
    EXPECT_EQ(only.policies->front().policy_name, "Read");
}

TEST_P(Roles, AwsOwnPoliciesGrantWhatTheOtaWorkflowNeeds) {
    make("R");
    for (const char* arn : {aws_ota, "arn:aws:iam::aws:policy/service-role/AWSIoTOTAUpdate"})
        ASSERT_TRUE(call<iam::AttachRolePolicy>({"R", arn}));
    const auto role = "arn:aws:iam::123456789012:role/R";
    EXPECT_TRUE(access_.check_role(account(), role, "", "s3:GetObject", "arn:aws:s3:::afr-ota-fw/x"));
    EXPECT_TRUE(access_.check_role(account(), role, "", "iot:CreateJob", "arn:aws:iot:us-east-1:123456789012:job/AFR_OTA-x"));
    EXPECT_TRUE(
        access_.check_role(account(), role, "", "signer:DescribeSigningJob", "arn:aws:signer:us-east-1:123456789012:/signing-jobs/x"));
    EXPECT_FALSE(access_.check_role(account(), role, "", "s3:GetObject", "arn:aws:s3:::other/x"));
    EXPECT_FALSE(access_.check_role(account(), role, "", "iam:PassRole", role));
}

}  // namespace
}  // namespace otabahn::access

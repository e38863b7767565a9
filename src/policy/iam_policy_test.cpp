// SPDX-License-Identifier: Apache-2.0
// Spec control-plane 5.4: IAM's operators, elements and trust policies.
#include "policy/policy_fixture_test.hpp"

#include "policy/condition.hpp"

#include <gmock/gmock.h>

namespace otabahn::policy {
namespace {

using namespace testing_support;
using ::testing::HasSubstr;

std::string under(const std::string& condition) {
    return document_of(R"({"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":)" + condition + "}");
}

bool met(const std::string& condition, const Facts& facts) {
    return ask(under(condition), "s3:GetObject", "arn:aws:s3:::b/k", facts, Dialect::iam_identity).allowed();
}

struct OperatorRow {
    const char *op, *wanted, *actual;
    bool met;
};

// {"OP": {"k": WANTED}} against k = ACTUAL.
const OperatorRow operator_rows[] = {
    {"StringEquals", R"("a")", "a", true},
    {"StringEquals", R"("a")", "A", false},
    {"StringEquals", R"("a*")", "ab", false},
    {"StringEquals", R"(["a","b"])", "b", true},
    {"stringequals", R"("a")", "a", true},
    {"StringNotEquals", R"("a")", "b", true},
    {"StringNotEquals", R"(["a","b"])", "b", false},
    {"StringEqualsIgnoreCase", R"("aB")", "Ab", true},
    {"StringNotEqualsIgnoreCase", R"("aB")", "Ab", false},
    {"StringLike", R"("a*c?")", "abbcd", true},
    {"StringLike", R"("a*c?")", "abbc", false},
    {"StringLike", R"("a${*}")", "a*", true},
    {"StringLike", R"("a${*}")", "ab", false},
    {"StringNotLike", R"("a*")", "ab", false},
    {"StringNotLike", R"("a*")", "b", true},
    {"NumericEquals", "10", "10.0", true},
    {"NumericEquals", R"("10")", "x", false},
    {"NumericEquals", "10.5", "10.5", true},
    {"NumericEquals", R"("1e1")", "10", true},
    {"StringEquals", "10.5", "10.5", true},
    {"StringEquals", "true", "true", true},
    {"NumericNotEquals", R"("10")", "11", true},
    {"NumericLessThan", "10", "9.5", true},
    {"NumericLessThan", "10", "10", false},
    {"NumericLessThanEquals", "10", "10", true},
    {"NumericGreaterThan", "-1", "0", true},
    {"NumericGreaterThanEquals", "10", "9", false},
    {"DateEquals", R"("2025-06-28T12:00:00Z")", "1751112000", true},
    {"DateEquals", R"("2025-06-28T14:00:00+02:00")", "2025-06-28T12:00:00Z", true},
    {"DateEquals", R"("2025-06-28T12:00:00.5Z")", "2025-06-28T12:00:00Z", false},
    {"DateNotEquals", R"("2025-06-28")", "2025-06-28T00:00:00Z", false},
    {"DateLessThan", R"("2026")", "2025-12-31T23:59:59Z", true},
    {"DateLessThan", R"("2025-06-28T12:00Z")", "2025-06-28T12:00:00Z", false},
    {"DateLessThanEquals", "1751112000", "2025-06-28T12:00:00Z", true},
    {"DateGreaterThan", R"("2020-01-01T00:00:00Z")", "2019-12-31T00:00:00Z", false},
    {"DateGreaterThanEquals", R"("2020-01")", "2020-01-01T00:00:00Z", true},
    {"Bool", R"("true")", "TRUE", true},
    {"Bool", "false", "true", false},
    {"BinaryEquals", R"("AQID")", "AQID", true},
    {"BinaryEquals", R"("AQID")", "aqid", false},
    {"IpAddress", R"("203.0.113.0/24")", "203.0.113.200", true},
    {"IpAddress", R"("203.0.113.0/24")", "203.0.114.1", false},
    {"IpAddress", R"("203.0.113.0/24")", "::ffff:203.0.113.9", true},
    {"IpAddress", R"("203.0.113.7")", "203.0.113.7", true},
    {"IpAddress", R"("2001:db8::/33")", "2001:db8:7fff::1", true},
    {"IpAddress", R"("2001:db8::/33")", "2001:db8:8000::1", false},
    {"IpAddress", R"("0.0.0.0/0")", "2001:db8::1", false},
    {"IpAddress", R"("10.0.0.0/8")", "no address", false},
    {"NotIpAddress", R"("10.0.0.0/8")", "10.1.2.3", false},
    {"NotIpAddress", R"("10.0.0.0/8")", "11.1.2.3", true},
    {"ArnLike", R"("arn:aws:iot:*:123456789012:*")", "arn:aws:iot:us-east-1:123456789012:stream/a:b/c", true},
    {"ArnEquals", R"("arn:aws:iot:us-*-1:123456789012:stream/?")", "arn:aws:iot:us-east-1:123456789012:stream/S", true},
    {"ArnLike", R"("arn:aws:*:stream/S")", "arn:aws:iot:us-east-1:123456789012:stream/S", false},
    {"ArnLike", R"("*")", "arn:aws:iot:us-east-1:123456789012:stream/S", true},
    {"ArnLike", R"("arn:aws:iot:us-east-1:123456789012:*")", "no arn", false},
    {"ArnNotEquals", R"("arn:aws:s3:::b")", "arn:aws:s3:::b", false},
    {"ArnNotLike", R"("arn:aws:s3:::b*")", "arn:aws:s3:::c", true},
    {"Null", R"("false")", "x", true},
    {"Null", R"("true")", "x", false},
    {"ForAnyValue:StringLike", R"(["a*"])", "ab", true},
    {"ForAllValues:StringLike", R"(["a*"])", "b", false},
};

TEST(IamConditions, EveryOperatorJudgesAPresentKey) {
    for (const OperatorRow& row : operator_rows)
        EXPECT_EQ(met("{\"" + std::string(row.op) + R"(":{"k":)" + row.wanted + "}}", {{"K", {row.actual}}}), row.met)
            << row.op << " " << row.wanted << " against " << row.actual;
}

TEST(IamConditions, AMissingKeyMakesPositiveOperatorsFalseAndNegatedOnesTrue) {
    for (const char* op : {"StringEquals", "StringLike", "ArnLike", "StringEqualsIgnoreCase"})
        EXPECT_FALSE(met("{\"" + std::string(op) + R"(":{"k":"a"}})", {})) << op;
    for (const char* op : {"StringNotEquals", "StringNotLike", "ArnNotLike"})
        EXPECT_TRUE(met("{\"" + std::string(op) + R"(":{"k":"a"}})", {})) << op;
    EXPECT_FALSE(met(R"({"NumericEquals":{"k":1}})", {}));
    EXPECT_FALSE(met(R"({"IpAddress":{"k":"10.0.0.1"}})", {}));
    EXPECT_TRUE(met(R"({"NotIpAddress":{"k":"10.0.0.1"}})", {}));
    EXPECT_TRUE(met(R"({"Null":{"k":true}})", {}));
    EXPECT_FALSE(met(R"({"Null":{"k":"false"}})", {}));
}

TEST(IamConditions, IfExistsHoldsWithoutTheKeyAndJudgesWithIt) {
    EXPECT_TRUE(met(R"({"StringEqualsIfExists":{"k":"a"}})", {}));
    EXPECT_FALSE(met(R"({"StringEqualsIfExists":{"k":"a"}})", {{"k", {"b"}}}));
    EXPECT_TRUE(met(R"({"BoolIfExists":{"k":"true"}})", {}));
    EXPECT_TRUE(met(R"({"ForAnyValue:StringEqualsIfExists":{"k":"a"}})", {}));
}

TEST(IamConditions, SetPrefixesJudgeEveryOrSomeValueOfTheRequest) {
    const std::string all = R"({"ForAllValues:StringEquals":{"k":["a","b"]}})", any = R"({"ForAnyValue:StringEquals":{"k":["a","b"]}})";
    EXPECT_TRUE(met(all, {{"k", {"a", "b", "a"}}}));
    EXPECT_FALSE(met(all, {{"k", {"a", "c"}}}));
    EXPECT_TRUE(met(all, {{"k", {}}}));
    EXPECT_TRUE(met(all, {}));
    EXPECT_TRUE(met(any, {{"k", {"c", "b"}}}));
    EXPECT_FALSE(met(any, {{"k", {"c"}}}));
    EXPECT_FALSE(met(any, {{"k", {}}}));
    EXPECT_FALSE(met(any, {}));
}

TEST(IamConditions, OperatorsAndKeysAreAndedValuesAreOred) {
    const std::string condition = R"({"StringEquals":{"a":["1","2"],"b":"3"},"Bool":{"c":"true"}})";
    EXPECT_TRUE(met(condition, {{"a", {"2"}}, {"b", {"3"}}, {"c", {"true"}}}));
    EXPECT_FALSE(met(condition, {{"a", {"2"}}, {"b", {"4"}}, {"c", {"true"}}}));
    EXPECT_FALSE(met(condition, {{"a", {"2"}}, {"b", {"3"}}, {"c", {"false"}}}));
}

TEST(IamConditions, ValuesTakeVariables) {
    EXPECT_TRUE(met(R"({"StringEquals":{"k":"${aws:username}-x"}})", {{"k", {"ann-x"}}, {"aws:username", {"ann"}}}));
    EXPECT_TRUE(met(R"({"StringLike":{"k":"home/${aws:username, 'nobody'}/*"}})", {{"k", {"home/nobody/a"}}}));
    EXPECT_FALSE(met(R"({"StringEquals":{"k":"${aws:username}"}})", {{"k", {"${aws:username}"}}}));
    EXPECT_TRUE(met(R"({"ArnEquals":{"k":"arn:aws:iam::1:user/${aws:username}"}})",
                    {{"k", {"arn:aws:iam::1:user/ann"}}, {"aws:username", {"ann"}}}));
}

TEST(IamPolicies, NotActionAllowsWhatItDoesNotName) {
    const std::string document = document_of(R"({"Effect":"Allow","NotAction":["iam:*","sts:*"],"Resource":"*"})");
    EXPECT_TRUE(ask(document, "s3:GetObject", "arn:aws:s3:::b/k", {}, Dialect::iam_identity).allowed());
    EXPECT_FALSE(ask(document, "iam:CreateRole", "arn:aws:iam::1:role/r", {}, Dialect::iam_identity).allowed());
}

TEST(IamPolicies, AWildcardTakesSlashesAndColons) {
    const std::string document = document_of(R"({"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::b/*"})");
    EXPECT_TRUE(ask(document, "s3:GetObjectVersion", "arn:aws:s3:::b/a/b:c", {}, Dialect::iam_identity).allowed());
    EXPECT_FALSE(ask(document, "s3:GetObject", "arn:aws:s3:::b", {}, Dialect::iam_identity).allowed());
    EXPECT_FALSE(ask(document, "s3:GetObject", "arn:aws:s3:::B/a", {}, Dialect::iam_identity).allowed());
}

TEST(IamPolicies, ABucketInsteadOfItsObjectsIsNamed) {
    const std::string bucket = document_of(R"({"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b"})");
    EXPECT_EQ(
        ask(bucket, "s3:GetObject", "arn:aws:s3:::b/k", {}, Dialect::iam_identity).nearest_miss,
        "policy 'p' statement 0 allows s3:GetObject on arn:aws:s3:::b, which names the bucket itself; its objects are arn:aws:s3:::b/*");
    const std::string objects = document_of(R"({"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::b/*"})");
    EXPECT_THAT(ask(objects, "s3:ListBucket", "arn:aws:s3:::b", {}, Dialect::iam_identity).nearest_miss,
                HasSubstr("which names objects; the bucket itself is arn:aws:s3:::b"));
}

Decision trusts(const std::string& members, std::string_view service, std::string_view arn, const Facts& facts = {}) {
    Question question{.action = "sts:AssumeRole", .resource = ""};
    question.principal_service = service;
    question.principal_arn = arn;
    question.values = [&](std::string_view key) -> std::optional<std::vector<std::string>> {
        const auto found = facts.find(std::string(key));
        return found == facts.end() ? std::nullopt : std::optional(found->second);
    };
    const std::string document = document_of(R"({"Effect":"Allow","Action":"sts:AssumeRole",)" + members + "}");
    return evaluate({{"trust", parsed(document, Dialect::iam_trust)}}, question);
}

TEST(Trust, OfAServiceIsForThatServiceOnly) {
    const std::string members = R"("Principal":{"Service":"iot.amazonaws.com"})";
    EXPECT_TRUE(trusts(members, "iot.amazonaws.com", "").allowed());
    EXPECT_FALSE(trusts(members, "signer.amazonaws.com", "").allowed());
    EXPECT_FALSE(trusts(members, "", "arn:aws:iam::123456789012:user/ann").allowed());
    EXPECT_EQ(trusts(R"("Principal":{"Service":"lambda.amazonaws.com"})", "iot.amazonaws.com", "").nearest_miss,
              "policy 'trust' statement 0 trusts 'lambda.amazonaws.com', but not 'iot.amazonaws.com'");
}

TEST(Trust, ConditionsOnSourceAreJudged) {
    const std::string members =
        R"("Principal":{"Service":"iot.amazonaws.com"},"Condition":{"StringEquals":{"aws:SourceAccount":"123456789012"},)"
        R"("ArnLike":{"aws:SourceArn":"arn:aws:iot:us-east-1:123456789012:*"}})";
    const Facts here{{"aws:SourceAccount", {"123456789012"}}, {"aws:SourceArn", {"arn:aws:iot:us-east-1:123456789012:stream/S"}}};
    EXPECT_TRUE(trusts(members, "iot.amazonaws.com", "", here).allowed());
    Facts other = here;
    other["aws:SourceArn"] = {"arn:aws:iot:us-east-2:123456789012:stream/S"};
    EXPECT_THAT(
        trusts(members, "iot.amazonaws.com", "", other).nearest_miss,
        HasSubstr("only if ArnLike aws:SourceArn 'arn:aws:iot:us-east-1:123456789012:*' holds; the request has 'arn:aws:iot:us-east-2:"));
    EXPECT_FALSE(trusts(members, "iot.amazonaws.com", "").allowed());
}

TEST(Trust, OfAnAccountIsForEverybodyOfIt) {
    for (const char* principal : {R"("123456789012")", R"("arn:aws:iam::123456789012:root")"}) {
        const std::string members = R"("Principal":{"AWS":)" + std::string(principal) + "}";
        EXPECT_TRUE(trusts(members, "", "arn:aws:iam::123456789012:user/ann").allowed());
        EXPECT_TRUE(trusts(members, "", "arn:aws:iam::123456789012:root").allowed());
        EXPECT_FALSE(trusts(members, "", "arn:aws:iam::999999999999:user/ann").allowed());
        EXPECT_FALSE(trusts(members, "iot.amazonaws.com", "").allowed());
    }
}

TEST(Trust, OfARoleIsForItsSessions) {
    const std::string members = R"("Principal":{"AWS":"arn:aws:iam::123456789012:role/path/R"})";
    EXPECT_TRUE(trusts(members, "", "arn:aws:sts::123456789012:assumed-role/R/session").allowed());
    EXPECT_FALSE(trusts(members, "", "arn:aws:sts::123456789012:assumed-role/R2/session").allowed());
    EXPECT_FALSE(trusts(members, "", "arn:aws:sts::999999999999:assumed-role/R/session").allowed());
    EXPECT_FALSE(trusts(members, "", "arn:aws:iam::123456789012:user/R").allowed());
}

TEST(Trust, NotPrincipalExcludes) {
    const std::string members = R"("NotPrincipal":{"Service":"iot.amazonaws.com"})";
    EXPECT_FALSE(trusts(members, "iot.amazonaws.com", "").allowed());
    EXPECT_TRUE(trusts(members, "signer.amazonaws.com", "").allowed());
    EXPECT_TRUE(trusts(R"("Principal":"*")", "iot.amazonaws.com", "").allowed());
    EXPECT_FALSE(trusts(R"("Principal":{"Federated":"x"})", "iot.amazonaws.com", "").allowed());
}

TEST(ConditionTexts, DatesThatAreNoneAreRefused) {
    for (const char* bad : {"", "2025-02-30", "2025-00", "25", "2025-06-28 12:00:00", "2025-06-28T12", "2025-06-28T12:00:00X",
                            "2025-06-28T12:00:00.Z", "2025-06-28T12:00:00+2", "now", "1e400", "nan", "inf"})
        EXPECT_FALSE(parse_date(bad).has_value()) << bad;
    EXPECT_EQ(parse_date("2025-06-28T12:00:00-0130"), parse_date("2025-06-28T13:30:00Z"));
}

TEST(ConditionTexts, RangesThatAreNoneAreRefused) {
    for (const char* bad : {"", "10.0.0", "10.0.0.0/", "10.0.0.0/x", "10.0.0.0/33", "10.0.0.0/-1", "::/129", "10.0.0.0/8/8", "example.com"})
        EXPECT_FALSE(AddressRange::parse(bad).has_value()) << bad;
}

}  // namespace
}  // namespace otabahn::policy

// SPDX-License-Identifier: Apache-2.0
// Spec gateway 2.4 to 2.7: evaluation, variables, ConnectAttributes, and the classic mistakes with what is said of each.
#include "policy/policy_fixture_test.hpp"

#include "policy/certificate_attributes.hpp"

#include <gmock/gmock.h>

namespace otabahn::policy {
namespace {

using namespace testing_support;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* thing_variable = "${iot:Connection.Thing.ThingName}";

TEST(DeviceEvaluation, NothingIsAllowedByDefault) {
    const Decision decision = ask(document_of(allow("iot:Publish", "topic/a")), "iot:Publish", "topic/b");
    EXPECT_EQ(decision.verdict, Verdict::denied_implicitly);
    EXPECT_EQ(decision.policy, "");
    EXPECT_EQ(decision.statement, -1);
    EXPECT_FALSE(evaluate({}, {.action = "iot:Connect", .resource = "arn:aws:iot:us-east-1:123456789012:client/x"}).allowed());
}

TEST(DeviceEvaluation, TheDecisionNamesPolicyAndStatement) {
    const auto first = parsed(document_of(allow("iot:Publish", "topic/b") + "," + allow("iot:Publish", "topic/a")));
    const auto second = parsed(document_of(deny("iot:Publish", "topic/a")));
    Question question{.action = "iot:Publish", .resource = "arn:aws:iot:us-east-1:123456789012:topic/a"};
    const Decision allowed = evaluate({{"one", first}}, question);
    EXPECT_TRUE(allowed.allowed());
    EXPECT_EQ(allowed.policy, "one");
    EXPECT_EQ(allowed.statement, 1);
    EXPECT_EQ(describe(allowed, question), "allowed iot:Publish on arn:aws:iot:us-east-1:123456789012:topic/a by policy 'one' statement 1");
    for (const auto& documents :
         {std::vector<NamedDocument>{{"one", first}, {"two", second}}, std::vector<NamedDocument>{{"two", second}, {"one", first}}}) {
        const Decision denied = evaluate(documents, question);
        EXPECT_EQ(denied.verdict, Verdict::denied_explicitly) << "an explicit deny wins wherever it stands";
        EXPECT_EQ(denied.policy, "two");
        EXPECT_EQ(describe(denied, question),
                  "denied iot:Publish on arn:aws:iot:us-east-1:123456789012:topic/a by the explicit Deny of policy 'two' statement 0");
    }
}

TEST(DeviceEvaluation, NotResourceFitsWhatNoEntryFits) {
    const std::string document =
        document_of(R"({"Effect":"Allow","Action":"iot:Publish","NotResource":[")" + iot_arn + R"(topic/secret/*"]})");
    EXPECT_TRUE(ask(document, "iot:Publish", "topic/open").allowed());
    EXPECT_FALSE(ask(document, "iot:Publish", "topic/secret/x").allowed());
}

TEST(DeviceEvaluation, ASingleStatementNeedsNoList) {
    EXPECT_TRUE(ask(R"({"Version":"2012-10-17","Statement":)" + allow("iot:Publish", "topic/a") + "}", "iot:Publish", "topic/a").allowed());
}

TEST(DeviceVariables, StandForTheirValueAsText) {
    const std::string document = document_of(allow("iot:Publish", std::string("topic/$aws/things/") + thing_variable + "/*"));
    EXPECT_TRUE(ask(document, "iot:Publish", "topic/$aws/things/T/jobs/get", device("T")).allowed());
    EXPECT_FALSE(ask(document, "iot:Publish", "topic/$aws/things/U/jobs/get", device("T")).allowed());
    EXPECT_FALSE(ask(document, "iot:Publish", "topic/$aws/things/U/jobs/get", device("*")).allowed()) << "a value is never a pattern";
    EXPECT_TRUE(ask(document, "iot:Publish", "topic/$aws/things/*/jobs/get", device("*")).allowed());
}

TEST(DeviceVariables, NamesIgnoreCase) {
    const std::string document = document_of(allow("iot:Connect", "client/${IOT:clientid}"));
    EXPECT_TRUE(ask(document, "iot:Connect", "client/T", device("T")).allowed());
}

TEST(DeviceVariables, AnUnresolvedOneMakesItsEntryMatchNothingAndItsSistersStillCount) {
    const std::string document = document_of(R"({"Effect":"Allow","Action":"iot:Publish","Resource":[")" + iot_arn + "topic/" +
                                             thing_variable + R"(",")" + iot_arn + R"(topic/open"]})");
    EXPECT_FALSE(ask(document, "iot:Publish", "topic/T").allowed());
    EXPECT_FALSE(ask(document, "iot:Publish", std::string("topic/") + thing_variable).allowed()) << "not even the very text";
    EXPECT_TRUE(ask(document, "iot:Publish", "topic/open").allowed());
}

TEST(DeviceVariables, AnUnresolvedOneDisablesItsDenyAndWidensNotResource) {
    const std::string denied =
        document_of(allow("iot:Publish", "topic/*") + "," + deny("iot:Publish", std::string("topic/") + thing_variable));
    EXPECT_TRUE(ask(denied, "iot:Publish", "topic/T").allowed());
    EXPECT_FALSE(ask(denied, "iot:Publish", "topic/T", device("T")).allowed());
    const std::string except =
        document_of(R"({"Effect":"Allow","Action":"iot:Publish","NotResource":")" + iot_arn + "topic/" + thing_variable + R"("})");
    EXPECT_TRUE(ask(except, "iot:Publish", "topic/T").allowed());
    EXPECT_FALSE(ask(except, "iot:Publish", "topic/T", device("T")).allowed());
}

TEST(DeviceVariables, OneOfSeveralValuesHasNoTextToStandForIt) {
    const std::string document = document_of(allow("iot:Publish", "topic/${iot:Certificate.Subject.CommonName.List}"));
    EXPECT_FALSE(ask(document, "iot:Publish", "topic/a", {{"iot:Certificate.Subject.CommonName.List", {"a", "b"}}}).allowed());
    EXPECT_TRUE(ask(document, "iot:Publish", "topic/a", {{"iot:Certificate.Subject.CommonName.List", {"a"}}}).allowed());
}

TEST(DeviceVariables, ACertificateValueWithAWildcardCharacterIsNotSubstituted) {
    const std::string document = document_of(allow("iot:Publish", "topic/${iot:Certificate.Subject.CommonName}"));
    EXPECT_TRUE(ask(document, "iot:Publish", "topic/a b", {{"iot:Certificate.Subject.CommonName", {"a b"}}}).allowed());
    for (const std::string bad : {"a*", "a$", "a+", "a?", "a#"})
        EXPECT_FALSE(ask(document, "iot:Publish", "topic/" + bad, {{"iot:Certificate.Subject.CommonName", {bad}}}).allowed()) << bad;
    const std::string large(1025, 'x');
    EXPECT_FALSE(ask(document, "iot:Publish", "topic/" + large, {{"iot:Certificate.Subject.CommonName", {large}}}).allowed());
}

TEST(DeviceVariables, AClientIdWithFilterCharactersOpensNoSubscription) {
    const std::string document =
        document_of(allow("iot:*", "topicfilter/d/${iot:ClientId}") + "," + allow("iot:*", "topic/d/${iot:ClientId}"));
    for (const char* id : {"+", "#", "a+"}) {
        EXPECT_FALSE(ask(document, "iot:Subscribe", std::string("topicfilter/d/") + id, device(id)).allowed()) << id;
        EXPECT_TRUE(ask(document, "iot:Publish", std::string("topic/d/") + id, device(id)).allowed()) << "the rule is for Subscribe";
    }
    EXPECT_TRUE(ask(document, "iot:Subscribe", "topicfilter/d/a", device("a")).allowed());
}

TEST(DeviceVariables, ADefaultStandsInForAMissingValue) {
    const std::string document = document_of(allow("iot:Publish", "topic/${iot:Connection.Thing.ThingTypeName, 'untyped'}"));
    EXPECT_TRUE(ask(document, "iot:Publish", "topic/untyped").allowed());
    EXPECT_TRUE(ask(document, "iot:Publish", "topic/pump", {{"iot:Connection.Thing.ThingTypeName", {"pump"}}}).allowed());
}

TEST(DeviceVariables, AreTextInADocumentOfTheOldVersion) {
    const std::string old = R"({"Version":"2008-10-17","Statement":[)" + allow("iot:Connect", "client/${iot:ClientId}") + "]}";
    EXPECT_TRUE(ask(old, "iot:Connect", "client/${iot:ClientId}", device("T")).allowed());
    const Decision decision = ask(old, "iot:Connect", "client/T", device("T"));
    EXPECT_FALSE(decision.allowed());
    EXPECT_THAT(decision.nearest_miss, HasSubstr("Version is not 2012-10-17"));
}

TEST(DeviceVariables, TheViewOfASingleValueIsAskedFirst) {
    const auto document = parsed(document_of(allow("iot:Connect", "client/${iot:ClientId}")));
    Question question{.action = "iot:Connect", .resource = "arn:aws:iot:us-east-1:123456789012:client/T"};
    question.single = [](std::string_view key) { return key == "iot:ClientId" ? std::optional<std::string_view>("T") : std::nullopt; };
    EXPECT_TRUE(evaluate({{"p", document}}, question).allowed());
    question.single = [](std::string_view) { return std::optional<std::string_view>(); };
    EXPECT_FALSE(evaluate({{"p", document}}, question).allowed());
    question.values = [](std::string_view) { return std::optional(std::vector<std::string>{"T"}); };
    EXPECT_TRUE(evaluate({{"p", document}}, question).allowed());
}

TEST(CertificateAttributes, HaveSuffixesForTheSecondAndForAll) {
    const CertificateFields subject{
        {"CommonName", {"a", "b"}}, {"AlternativeName.DNSName", {"x.example"}}, {"Title", {"1", "2", "3", "4", "5", "6"}}};
    const CertificateFields issuer{{"CommonName", {"ca"}}};
    EXPECT_THAT(*certificate_attribute("iot:Certificate.Subject.CommonName", subject, issuer), ElementsAre("a"));
    EXPECT_THAT(*certificate_attribute("iot:certificate.subject.commonname.1", subject, issuer), ElementsAre("b"));
    EXPECT_THAT(*certificate_attribute("iot:Certificate.Subject.CommonName.List", subject, issuer), ElementsAre("a", "b"));
    EXPECT_THAT(*certificate_attribute("iot:Certificate.Subject.AlternativeName.DNSName", subject, issuer), ElementsAre("x.example"));
    EXPECT_THAT(*certificate_attribute("iot:Certificate.Issuer.CommonName", subject, issuer), ElementsAre("ca"));
    EXPECT_THAT(*certificate_attribute("iot:Certificate.Subject.Title.List", subject, issuer), ElementsAre("1", "2", "3", "4", "5"));
    for (const char* nothing :
         {"iot:Certificate.Subject.CommonName.2", "iot:Certificate.Subject.Title.5", "iot:Certificate.Subject.Country",
          "iot:Certificate.Issuer.CommonName.1", "iot:Certificate.Subject.CommonName.x", "iot:ClientId", ""})
        EXPECT_FALSE(certificate_attribute(nothing, subject, issuer).has_value()) << nothing;
}

// Spec gateway 2.5, the table of iot:ConnectAttributes: which of the four kinds of CONNECT each statement admits.
struct ConnectRow {
    const char* name;
    std::string document;
    bool clean, persistent, will, both;
};

std::string on_attributes(const std::string& op, const std::string& values) {
    return "{\"" + op + R"(":{"iot:ConnectAttributes":[)" + values + "]}}";
}

TEST(ConnectAttributes, EveryRowOfTheTableHolds) {
    const std::string pc = R"("PersistentConnect")", lw = R"("LastWill")", two = pc + "," + lw;
    const auto allows = [](const std::string& condition) { return allow("iot:Connect", "client/*", condition); };
    const auto denies = [](const std::string& condition) { return deny("iot:Connect", "client/*", condition); };
    const ConnectRow rows[] = {
        {"no condition", allows(""), true, true, true, true},
        {"all of PersistentConnect", allows(on_attributes("ForAllValues:StringEquals", pc)), true, true, false, false},
        {"all of LastWill", allows(on_attributes("ForAllValues:StringEquals", lw)), true, false, true, false},
        {"all of both", allows(on_attributes("ForAllValues:StringEquals", two)), true, true, true, true},
        {"all of nothing", allows(on_attributes("ForAllValues:StringEquals", "")), true, false, false, false},
        {"any of PersistentConnect", allows(on_attributes("ForAnyValue:StringEquals", pc)), false, true, false, true},
        {"none of PersistentConnect", allows(on_attributes("ForAllValues:StringNotEquals", pc)), true, false, true, false},
        {"Allow and Deny any PersistentConnect", allows("") + "," + denies(on_attributes("ForAnyValue:StringEquals", pc)), true, false,
         true, false},
        {"both by three Denies",
         allows(on_attributes("ForAllValues:StringEquals", two)) + "," + denies(on_attributes("ForAllValues:StringEquals", pc)) + "," +
             denies(on_attributes("ForAllValues:StringEquals", lw)) + "," + denies(on_attributes("ForAllValues:StringEquals", "")),
         false, false, false, true},
    };
    for (const ConnectRow& row : rows) {
        const auto admits = [&](const std::vector<std::string>& attributes) {
            return ask(document_of(row.document), "iot:Connect", "client/T", {{"iot:ConnectAttributes", attributes}}).allowed();
        };
        EXPECT_EQ(admits({}), row.clean) << row.name;
        EXPECT_EQ(admits({"PersistentConnect"}), row.persistent) << row.name;
        EXPECT_EQ(admits({"LastWill"}), row.will) << row.name;
        EXPECT_EQ(admits({"PersistentConnect", "LastWill"}), row.both) << row.name;
    }
}

TEST(ConnectAttributes, ALastWillTopicConditionDemandsAWillOnThatTopic) {
    const std::string document =
        document_of(allow("iot:Connect", "client/*", R"({"ArnEquals":{"iot:LastWillTopic":")" + iot_arn + R"(topic/will"}})"));
    EXPECT_TRUE(ask(document, "iot:Connect", "client/T", {{"iot:LastWillTopic", {iot_arn + "topic/will"}}}).allowed());
    EXPECT_FALSE(ask(document, "iot:Connect", "client/T", {{"iot:LastWillTopic", {iot_arn + "topic/other"}}}).allowed());
    EXPECT_FALSE(ask(document, "iot:Connect", "client/T").allowed());
}

TEST(DeviceConditions, IsAttachedIsABool) {
    const std::string document = document_of(allow("iot:Connect", "client/*", R"({"Bool":{"iot:Connection.Thing.IsAttached":["true"]}})"));
    EXPECT_TRUE(ask(document, "iot:Connect", "client/T", device("T")).allowed());
    const Decision decision = ask(document, "iot:Connect", "client/T", {{"iot:Connection.Thing.IsAttached", {"false"}}});
    EXPECT_FALSE(decision.allowed());
    EXPECT_EQ(decision.nearest_miss,
              "policy 'p' statement 0 allows iot:Connect here, but only if Bool iot:Connection.Thing.IsAttached 'true' holds; "
              "the request has 'false'");
}

// Spec gateway 2.7. `says`: what the nearest miss must tell.
struct MistakeRow {
    const char* name;
    std::string statements;
    const char *action, *asked;
    Facts facts;
    bool allowed;
    const char* says;
};

TEST(ClassicMistakes, EachHasItsEffectAndIsNamed) {
    const std::string own = std::string("topic/$aws/things/") + thing_variable + "/*";
    const MistakeRow rows[] = {
        {"subscribe on topic/",
         allow("iot:Subscribe", "topic/a/*"),
         "iot:Subscribe",
         "topicfilter/a/b",
         {},
         false,
         "policy 'p' statement 0 allows iot:Subscribe, but on topic/a/*; a subscription is judged as topicfilter/a/b"},
        {"publish on topicfilter/",
         allow("iot:Publish", "topicfilter/a/*"),
         "iot:Publish",
         "topic/a/b",
         {},
         false,
         "policy 'p' statement 0 allows iot:Publish, but on topicfilter/a/*; a publish is judged as topic/a/b"},
        {"receive on topicfilter/",
         allow("iot:Receive", "topicfilter/a/*"),
         "iot:Receive",
         "topic/a/b",
         {},
         false,
         "a delivery is judged as topic/a/b"},
        {"no client/ resource",
         allow("iot:*", "topic/dev1/*"),
         "iot:Connect",
         "client/dev1",
         {},
         false,
         "allows iot:Connect, but names no client/… resource; a connection is judged as client/dev1"},
        {"subscribe but no receive: the subscription",
         allow("iot:Subscribe", "topicfilter/a"),
         "iot:Subscribe",
         "topicfilter/a",
         {},
         true,
         ""},
        {"subscribe but no receive: the delivery",
         allow("iot:Publish", "topic/a") + "," + allow("iot:Subscribe", "topicfilter/a"),
         "iot:Receive",
         "topic/a",
         {},
         false,
         "policy 'p' statement 0 allows 'iot:Publish' here, but not iot:Receive"},
        {"plus in a topic resource",
         allow("iot:Publish", "topic/a/+/c"),
         "iot:Publish",
         "topic/a/b/c",
         {},
         false,
         "but on topic/a/+/c, where + and # are ordinary characters; write * for any run of characters"},
        {"hash in a topic resource",
         allow("iot:Receive", "topic/a/#"),
         "iot:Receive",
         "topic/a/b/c",
         {},
         false,
         "where + and # are ordinary characters"},
        {"a* meant as a/*", allow("iot:Publish", "topic/a*"), "iot:Publish", "topic/ab/x", {}, true, ""},
        {"thing variable, client id is no thing's name",
         allow("iot:Connect", std::string("client/") + thing_variable),
         "iot:Connect",
         "client/other",
         {{"iot:ClientId", {"other"}}},
         false,
         "but ${iot:Connection.Thing.ThingName} has no value here: the certificate is attached to no thing whose name is the client id "
         "'other'"},
        {"will topic without publish", allow("iot:Connect", "client/T"), "iot:Publish", "topic/will", device("T"), false,
         "no Allow statement of 'p' names iot:Publish"},
        {"retain without RetainPublish",
         allow("iot:Publish", "topic/a"),
         "iot:RetainPublish",
         "topic/a",
         {},
         false,
         "allows 'iot:Publish' here, but not iot:RetainPublish"},
        {"jobs/# while single topics are allowed", allow("iot:Subscribe", "topicfilter/$aws/things/T/jobs/notify-next"), "iot:Subscribe",
         "topicfilter/$aws/things/T/jobs/#", device("T"), false,
         "the filter $aws/things/T/jobs/# is wider; a filter is compared as text and must be allowed as a whole"},
        {"publish as the wrong thing", allow("iot:Publish", own), "iot:Publish", "topic/$aws/things/U/jobs/get", device("T"), false,
         "but on arn:aws:iot:us-east-1:123456789012:topic/$aws/things/T/*, not on "
         "arn:aws:iot:us-east-1:123456789012:topic/$aws/things/U/jobs/get"},
    };
    for (const MistakeRow& row : rows) {
        const Decision decision = ask(document_of(row.statements), row.action, row.asked, row.facts);
        EXPECT_EQ(decision.allowed(), row.allowed) << row.name;
        EXPECT_THAT(decision.nearest_miss, HasSubstr(row.says)) << row.name;
    }
}

TEST(NearestMiss, NamesAnotherRegionOrAccount) {
    const std::string document = document_of(allow("iot:Publish", "topic/a/*"));
    EXPECT_EQ(ask(document, "iot:Publish", "arn:aws:iot:us-east-2:123456789012:topic/a/b").nearest_miss,
              "policy 'p' statement 0 allows iot:Publish in region 'us-east-1' of account '123456789012', but this is region 'us-east-2' "
              "of account "
              "'123456789012'");
    EXPECT_THAT(ask(document, "iot:Publish", "arn:aws:iot:us-east-1:000000000000:topic/a/b").nearest_miss,
                HasSubstr("but this is region 'us-east-1' of account '000000000000'"));
}

TEST(NearestMiss, NamesADifferenceOfCaseOnly) {
    EXPECT_THAT(ask(document_of(allow("iot:Publish", "topic/Foo/*")), "iot:Publish", "topic/foo/x").nearest_miss,
                HasSubstr("differs in upper and lower case"));
}

TEST(NearestMiss, NamesTheSidWhereThereIsOne) {
    const std::string document =
        document_of(R"({"Sid":"Own","Effect":"Allow","Action":"iot:Publish","Resource":")" + iot_arn + R"(topic/a"})");
    EXPECT_THAT(ask(document, "iot:Publish", "topic/b").nearest_miss, HasSubstr("policy 'p' statement 0 (Own)"));
}

TEST(NearestMiss, TellsAValueThatMayNotBeSubstituted) {
    EXPECT_THAT(
        ask(document_of(allow("iot:Subscribe", "topicfilter/${iot:ClientId}")), "iot:Subscribe", "topicfilter/+", device("+")).nearest_miss,
        HasSubstr("${iot:ClientId} is '+', which may not stand in a policy"));
}

TEST(NearestMiss, IsLeftOutWhenNotWanted) {
    Question question{.action = "iot:Publish", .resource = "arn:aws:iot:us-east-1:123456789012:topic/b"};
    question.explain = false;
    EXPECT_EQ(evaluate({{"p", parsed(document_of(allow("iot:Publish", "topic/a")))}}, question).nearest_miss, "");
    EXPECT_EQ(evaluate({}, {.action = "iot:Connect", .resource = "x"}).nearest_miss, "no policy applies at all");
}

}  // namespace
}  // namespace otabahn::policy

// SPDX-License-Identifier: Apache-2.0
// What a policy may not hold, and the path that each refusal names.
#include "policy/policy_fixture_test.hpp"

#include <gmock/gmock.h>

namespace otabahn::policy {
namespace {

using namespace testing_support;
using ::testing::HasSubstr;

std::string refusal(const std::string& text, Dialect dialect = Dialect::iot) {
    const auto document = parse(text, dialect);
    return document ? "accepted" : document.error().message;
}

std::string refusal_of(const std::string& statement, Dialect dialect = Dialect::iot) { return refusal(document_of(statement), dialect); }

struct RefusalRow {
    std::string statement;
    const char* says;
};

TEST(ParsePolicy, RefusesEachWrongMemberByItsPath) {
    const std::string tail = R"(,"Action":"iot:Publish","Resource":"*"})";
    const RefusalRow rows[] = {
        {R"({"Action":"iot:Publish","Resource":"*"})", "Statement[0].Effect is missing; it takes 'Allow' or 'Deny'"},
        {R"({"Effect":"allow")" + tail, R"(Statement[0].Effect takes 'Allow' or 'Deny', in just this spelling, and is "allow")"},
        {R"({"Effect":true)" + tail, "Statement[0].Effect"},
        {R"({"Effect":"Allow","effect":"Deny")" + tail,
         "Statement[0] has the member 'effect', which no policy of this kind has; it is written 'Effect'"},
        {R"({"Effect":"Allow","Principal":"*")" + tail, "Statement[0] has the member 'Principal'"},
        {R"({"Effect":"Allow","Resource":"*"})", "Statement[0] has neither Action nor NotAction"},
        {R"({"Effect":"Allow","NotAction":"iot:Connect")" + tail, "Statement[0] has both Action and NotAction"},
        {R"({"Effect":"Allow","Action":"iot:Publish"})", "Statement[0] has neither Resource nor NotResource"},
        {R"({"Effect":"Allow","Action":[],"Resource":"*"})", "Statement[0].Action is an empty list"},
        {R"({"Effect":"Allow","Action":["iot:Publish",7],"Resource":"*"})", "Statement[0].Action[1] is no text"},
        {R"({"Effect":"Allow","Action":"Publish","Resource":"*"})", "Statement[0].Action is 'Publish'; an action is written SERVICE:NAME"},
        {R"({"Effect":"Allow","Action":"iot:","Resource":"*"})", "Statement[0].Action is 'iot:'"},
        {R"({"Effect":"Allow","Action":"iot:a:b","Resource":"*"})", "Statement[0].Action is 'iot:a:b'"},
        {R"({"Effect":"Allow","Action":"iot:${a}","Resource":"*"})", "Statement[0].Action"},
        {R"({"Effect":"Allow","Action":"iot:Publish","Resource":"topic/a"})",
         "Statement[0].Resource is 'topic/a'; a resource is '*' or an ARN"},
        {R"({"Effect":"Allow","Action":"iot:Publish","Resource":["*","arn:aws:iot:us-east-1"]})",
         "Statement[0].Resource[1] is 'arn:aws:iot:us-east-1'"},
        {R"({"Effect":"Allow","Action":"iot:Publish","Resource":"arn:aws:iot:r:a:topic/${iot:ClientId"})",
         "Statement[0].Resource holds '${' without '}'"},
        {R"({"Effect":"Allow","Action":"iot:Publish","Resource":"arn:aws:iot:${aws:RequestedRegion}:a:topic/x"})",
         "a variable may stand in the resource part only"},
        {R"({"Sid":"a b","Effect":"Allow")" + tail, "Statement[0].Sid takes letters and digits only"},
        {R"({"Effect":"Allow","Condition":[])" + tail, "Statement[0].Condition is no object"},
        {R"({"Effect":"Allow","Condition":{"StringIs":{"a":"b"}})" + tail, "Statement[0].Condition.StringIs is no condition operator"},
        {R"({"Effect":"Allow","Condition":{"NullIfExists":{"a":"true"}})" + tail,
         "Statement[0].Condition.NullIfExists is no condition operator"},
        {R"({"Effect":"Allow","Condition":{"StringEquals":"b"})" + tail, "Statement[0].Condition.StringEquals is no object"},
        {R"({"Effect":"Allow","Condition":{"StringEquals":{"":"b"}})" + tail,
         "Statement[0].Condition.StringEquals has a condition key without a name"},
        {R"({"Effect":"Allow","Condition":{"StringEquals":{"a":{}}})" + tail,
         "Statement[0].Condition.StringEquals.a is no text, number or boolean"},
        {R"({"Effect":"Allow","Condition":{"StringEquals":{"a":["x","${"]}})" + tail,
         "Statement[0].Condition.StringEquals.a[1] holds '${' without '}'"},
        {R"({"Effect":"Allow","Condition":{"NumericEquals":{"a":"ten"}})" + tail,
         "Statement[0].Condition.NumericEquals.a is 'ten'; this operator takes a decimal number"},
        {R"({"Effect":"Allow","Condition":{"DateLessThan":{"a":"2025-13-01"}})" + tail, "takes an ISO 8601 time"},
        {R"({"Effect":"Allow","Condition":{"Bool":{"a":"yes"}})" + tail, "takes true or false"},
        {R"({"Effect":"Allow","Condition":{"IpAddress":{"a":"10.0.0.0/33"}})" + tail, "takes an IPv4 or IPv6 address or range"},
    };
    for (const RefusalRow& row : rows) EXPECT_THAT(refusal_of(row.statement), HasSubstr(row.says)) << row.statement;
}

TEST(ParsePolicy, RefusesWhatIsNoDocument) {
    const std::string fine = allow("iot:Publish", "*");
    EXPECT_THAT(refusal(""), HasSubstr("The text given as an IoT policy is no JSON"));
    EXPECT_THAT(refusal("{"), HasSubstr("no JSON"));
    EXPECT_EQ(parse("{", Dialect::iot).error().code, ErrorCode::invalid_json);
    EXPECT_THAT(refusal("[]"), HasSubstr("is no JSON object"));
    EXPECT_THAT(refusal(document_of("") + "x"), HasSubstr("no JSON"));
    EXPECT_THAT(refusal("{}"), HasSubstr("Statement is missing"));
    EXPECT_THAT(refusal(document_of("")), HasSubstr("Statement is an empty list"));
    EXPECT_THAT(refusal(document_of("7")), HasSubstr("Statement[0] is no object"));
    EXPECT_THAT(refusal(R"({"Version":"2012-10-18","Statement":)" + fine + "}"),
                HasSubstr(R"(Version is "2012-10-18"; it takes '2012-10-17')"));
    EXPECT_THAT(refusal(R"({"Version":20121017,"Statement":)" + fine + "}"), HasSubstr("Version is 20121017"));
    EXPECT_THAT(refusal(R"({"Id":7,"Statement":)" + fine + "}"), HasSubstr("Id is no text"));
    EXPECT_THAT(refusal(R"({"Statements":)" + fine + "}"), HasSubstr("The document has the member 'Statements'"));
    EXPECT_EQ(parse(R"({"Statements":1})", Dialect::iot).error().code, ErrorCode::invalid_request);
    EXPECT_THAT(refusal(std::string(40, '[') + std::string(40, ']')), HasSubstr("no JSON"));
}

TEST(ParsePolicy, RefusesAMemberThatStandsTwice) {
    const std::string twice =
        document_of(R"({"Effect":"Allow","Action":"iot:Publish","Resource":"*","Condition":{"Bool":{"a":"true"}},"Condition":{}})");
    EXPECT_THAT(refusal(twice), HasSubstr("the member 'Condition' stands twice"));
    EXPECT_EQ(refusal(document_of(allow("iot:Publish", "*") + "," + allow("iot:Publish", "*"))), "accepted")
        << "twice in a document, once in each object";
}

TEST(ParsePolicy, RefusesASidThatStandsTwice) {
    const std::string one = R"({"Sid":"A","Effect":"Allow","Action":"iot:Publish","Resource":"*"})";
    EXPECT_THAT(refusal_of(one + "," + one), HasSubstr("Statement[1].Sid is 'A', which an earlier statement has"));
}

TEST(ParsePolicy, IotCounts2048CharactersWithoutWhiteSpace) {
    const std::string open =
        R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:Publish","Resource":"arn:aws:iot:r:a:topic/)";
    const std::string close = R"("}]})";
    const std::size_t rest = iot_document_limit - open.size() - close.size();
    EXPECT_EQ(refusal(open + std::string(rest, 'x') + close), "accepted");
    EXPECT_EQ(refusal(std::string(5000, ' ') + open + std::string(rest, 'x') + close + "\n\t\r"), "accepted")
        << "white space is not counted";
    std::string umlauts;
    for (std::size_t i = 0; i < rest; ++i) umlauts += "ü";
    EXPECT_EQ(refusal(open + umlauts + close), "accepted") << "characters count, not bytes";
    const auto refused = parse(open + std::string(rest + 1, 'x') + close, Dialect::iot);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::limit_exceeded);
    EXPECT_THAT(refused.error().message, HasSubstr("has 2049 characters, white space not counted; at most 2048"));
    EXPECT_EQ(refusal(open + std::string(rest + 1, 'x') + close, Dialect::iam_identity), "accepted")
        << "IAM's limits are of the place it is attached to";
}

TEST(ParsePolicy, TrustTakesPrincipalsAndNoResource) {
    const auto trust = [](const std::string& members) {
        return refusal_of(R"({"Effect":"Allow","Action":"sts:AssumeRole")" + members + "}", Dialect::iam_trust);
    };
    EXPECT_EQ(trust(R"(,"Principal":{"Service":"iot.amazonaws.com"})"), "accepted");
    EXPECT_EQ(trust(R"(,"Principal":{"Service":["iot.amazonaws.com","credentials.iot.amazonaws.com"],"AWS":"123456789012"})"), "accepted");
    EXPECT_EQ(trust(R"(,"Principal":"*")"), "accepted");
    EXPECT_EQ(trust(R"(,"Principal":{"Federated":"cognito-identity.amazonaws.com"})"), "accepted");
    EXPECT_THAT(trust(""), HasSubstr("Statement[0] takes Principal or NotPrincipal"));
    EXPECT_THAT(trust(R"(,"Principal":"*","Resource":"*")"), HasSubstr("Statement[0] has the member 'Resource'"));
    EXPECT_THAT(trust(R"(,"Principal":"iot.amazonaws.com")"), HasSubstr("Statement[0].Principal is 'iot.amazonaws.com'"));
    EXPECT_THAT(trust(R"(,"Principal":{})"), HasSubstr("Statement[0].Principal takes"));
    EXPECT_THAT(trust(R"(,"Principal":{"service":"iot.amazonaws.com"})"), HasSubstr("it is written 'Service'"));
    EXPECT_THAT(trust(R"(,"Principal":{"Service":"iot"})"), HasSubstr("Statement[0].Principal.Service is 'iot'"));
    EXPECT_THAT(trust(R"(,"Principal":{"Service":[]})"), HasSubstr("empty list"));
    EXPECT_THAT(trust(R"(,"Principal":{"AWS":["*","arn:aws:iam::123456789012:role/*"]})"), HasSubstr("Statement[0].Principal.AWS[1]"));
    EXPECT_THAT(trust(R"(,"Principal":{"AWS":"1234"})"), HasSubstr("Statement[0].Principal.AWS is '1234'"));
}

}  // namespace
}  // namespace otabahn::policy

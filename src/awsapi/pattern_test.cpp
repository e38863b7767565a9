// SPDX-License-Identifier: Apache-2.0
#include "awsapi/pattern.hpp"

#include "awsapi/rows.hpp"
#include "base/ids.hpp"

#include <gtest/gtest.h>

namespace otabahn::awsapi {
namespace {

const ShapeRow* shape_of(const ShapeRow& shape, std::string_view member) {
    for (const MemberRow& row : shape.members)
        if (row.name == member) return row.shape;
    return nullptr;
}
const ShapeRow& input_member(std::string_view service, std::string_view operation, std::string_view member) {
    return *shape_of(*require_row(service, operation).input, member);
}
bool fits(const ShapeRow& shape, std::string_view text) {
    const auto length = static_cast<double>(count_code_points(text));
    return (!shape.has_min || length >= shape.min) && (!shape.has_max || length <= shape.max) &&
           (!shape.pattern || matches(*shape.pattern, text));
}

TEST(Pattern, AMatchIsOfTheWholeText) {
    const auto& profile = *input_member("signer", "PutSigningProfile", "profileName").pattern;  // ^[a-zA-Z0-9_]{2,}
    EXPECT_TRUE(matches(profile, "otaFreeRTOS"));
    EXPECT_FALSE(matches(profile, "a"));
    EXPECT_FALSE(matches(profile, "ota-sign"));
    EXPECT_FALSE(matches(profile, "ota "));
    EXPECT_FALSE(matches(profile, ""));
    EXPECT_FALSE(matches(profile, "ota\n"));
}

TEST(Pattern, AlternativesAreWholeToo) {
    const auto& job = *input_member("iot-jobs-data", "DescribeJobExecution", "jobId").pattern;  // [a-zA-Z0-9_-]+|^\$next
    EXPECT_TRUE(matches(job, "job-1"));
    EXPECT_TRUE(matches(job, "$next"));
    EXPECT_FALSE(matches(job, "$nextx"));
    EXPECT_FALSE(matches(job, "$nex"));
    EXPECT_FALSE(matches(job, "a$next"));
    EXPECT_FALSE(matches(job, ""));
}

TEST(Pattern, ControlCharactersAreNotAmongWhatIsNotInClassC) {
    const auto& description = *input_member("iot", "CreateJob", "description").pattern;  // [^\p{C}]+
    EXPECT_TRUE(matches(description, "Update 1.1.0: größer, 更快 🚀"));
    EXPECT_FALSE(matches(description, "line\nbreak"));
    EXPECT_FALSE(matches(description, std::string_view("nul\0", 4)));
    EXPECT_FALSE(matches(description, "\xE2\x80\x8D"));      // U+200D, a format character
    EXPECT_FALSE(matches(description, "\xEE\x80\x80"));      // U+E000, private use
    EXPECT_FALSE(matches(description, "\xF3\xBF\xBF\xBE"));  // unassigned
    EXPECT_FALSE(matches(description, "\xFF"));              // no UTF-8
    EXPECT_FALSE(matches(description, "\xC0\xA0"));          // overlong
    EXPECT_FALSE(matches(description, "\xED\xA0\x80"));      // a surrogate
}

TEST(Pattern, LettersAndDigitsOfEveryScriptMayStandInTags) {
    const auto& key = *shape_of(*input_member("iam", "CreateRole", "Tags").element, "Key")->pattern;
    EXPECT_TRUE(matches(key, "Größe:α/б=+-@_. 漢字 ٣"));
    EXPECT_FALSE(matches(key, "a#b"));
    EXPECT_FALSE(matches(key, "a*b"));
    EXPECT_FALSE(matches(key, "emoji 🚀"));
}

TEST(Pattern, ANegativeLookaheadRefusesAStart) {
    const auto& key = *input_member("signer", "TagResource", "tags").key->pattern;  // ^(?!aws:)[a-zA-Z+-=._:/]+$
    EXPECT_TRUE(matches(key, "team"));
    EXPECT_TRUE(matches(key, "aws"));
    EXPECT_TRUE(matches(key, "my:aws:tag"));
    EXPECT_FALSE(matches(key, "aws:team"));
    EXPECT_FALSE(matches(key, "aws:"));
    EXPECT_FALSE(matches(key, "with blank"));
}

TEST(Pattern, ArnsOfCertificatesNeedTheirParts) {
    const auto& arn = *input_member("acm", "DescribeCertificate", "CertificateArn").pattern;
    EXPECT_TRUE(matches(arn, "arn:aws:acm:us-east-1:561470034375:certificate/e20e0e41-8688-4801-8aa6-0406afec266e"));
    EXPECT_FALSE(matches(arn, "arn:aws:iam:us-east-1:561470034375:certificate/x"));
    EXPECT_FALSE(matches(arn, "arn:aws:acm:us-east-1:account:certificate/x"));
    EXPECT_FALSE(matches(arn, "arn:aws:acm:us-east-1:561470034375:certificate/"));
    EXPECT_FALSE(matches(arn, "arn:aws:acm:us-east-1:561470034375:"));
}

TEST(Pattern, PathsOfRolesStartAndEndWithASlash) {
    const auto& path = *input_member("iam", "CreateRole", "Path").pattern;  // (\u002F)|(\u002F[\u0021-\u007E]+\u002F)
    EXPECT_TRUE(matches(path, "/"));
    EXPECT_TRUE(matches(path, "/service-role/iot/"));
    EXPECT_FALSE(matches(path, "service-role/"));
    EXPECT_FALSE(matches(path, "/service-role"));
    EXPECT_FALSE(matches(path, "/with blank/"));
    EXPECT_FALSE(matches(path, ""));
}

TEST(Pattern, BoundedEndsOfABase64MarkerAreCounted) {
    const auto& marker = *input_member("iot", "ListCertificates", "marker").pattern;  // [A-Za-z0-9+/]+={0,2}
    EXPECT_TRUE(matches(marker, "AAAA"));
    EXPECT_TRUE(matches(marker, "AA=="));
    EXPECT_FALSE(matches(marker, "A==="));
    EXPECT_FALSE(matches(marker, "=="));
    EXPECT_FALSE(matches(marker, "A=A"));
}

TEST(Pattern, RoleDescriptionsTakeLatin1AndNothingElse) {
    const auto& text = *input_member("iam", "CreateRole", "Description").pattern;
    EXPECT_TRUE(matches(text, "Rolle für\tIoT\r\n"));
    EXPECT_FALSE(matches(text, "smart \xE2\x80\x9Cquotes\xE2\x80\x9D"));
    EXPECT_FALSE(matches(text, "\x7F"));
    EXPECT_FALSE(matches(text, "\xC2\x85"));
}

TEST(Pattern, TheLastPlanesAreTakenAsTheirAuthorMeant) {
    const auto& arn = *input_member("sts", "AssumeRole", "RoleArn").pattern;  // …\uE000-\uFFFD\u10000-\u10FFFF]+
    EXPECT_TRUE(matches(arn, "arn:aws:iam::1:role/🚀"));
    EXPECT_FALSE(matches(arn, std::string_view("\0", 1)));
    EXPECT_FALSE(matches(arn, "\xEF\xBF\xBE"));  // U+FFFE
}

TEST(Pattern, WhatAcceptsEverythingIsNoPatternAtAll) {
    EXPECT_EQ(input_member("iot", "CreatePolicy", "policyDocument").pattern, nullptr);
    EXPECT_EQ(input_member("iot", "CreateCertificateFromCsr", "certificateSigningRequest").pattern, nullptr);
}

TEST(Pattern, AHostileTextTakesTimeThatGrowsWithItsLengthAlone) {
    const auto& path = *shape_of(*require_row("iam", "CreatePolicy").input, "Path")->pattern;  // ((/[A-Za-z0-9\.,\+@=_-]+)*)/
    std::string text;
    for (int i = 0; i < 100000; ++i) text += "/a";
    EXPECT_FALSE(matches(path, text));
    text += "/";
    EXPECT_TRUE(matches(path, text));
}

TEST(CodePoints, AreCountedNotBytes) {
    EXPECT_EQ(count_code_points(""), 0U);
    EXPECT_EQ(count_code_points("abc"), 3U);
    EXPECT_EQ(count_code_points("üé漢🚀"), 4U);
    EXPECT_EQ(count_code_points("\xFF\xFE"), 2U);
    EXPECT_EQ(count_code_points("\xE2\x82"), 2U);
}

// The rules of base/ids.hpp are written by hand; here they meet the model's on every text of up to two characters that can
// matter, and at their bounds.
template <class Rule>
void expect_same(const ShapeRow& shape) {
    std::vector<std::string> texts = {""};
    for (int first = 0; first < 256; ++first) {
        texts.emplace_back(1, static_cast<char>(first));
        for (const char second : {'a', 'Z', '0', '_', '-', ':', '/', ' ', '\n', '$'}) texts.push_back({static_cast<char>(first), second});
    }
    for (const std::size_t length : {12U, 63U, 64U, 65U, 127U, 128U, 129U, 2000U})
        for (const char c : {'a', '0', 'A'}) texts.emplace_back(length, c);
    for (const auto& text : texts) EXPECT_EQ(Rule::fits(text), fits(shape, text)) << shape.name << " '" << text << "'";
}

TEST(Ids, AcceptWhatTheModelsAccept) {
    expect_same<ThingNameRule>(input_member("iot", "CreateThing", "thingName"));
    expect_same<ThingNameRule>(input_member("iot-jobs-data", "GetPendingJobExecutions", "thingName"));
    expect_same<ThingGroupNameRule>(input_member("iot", "CreateThingGroup", "thingGroupName"));
    expect_same<JobIdRule>(input_member("iot", "CreateJob", "jobId"));
    expect_same<StreamIdRule>(input_member("iot", "CreateStream", "streamId"));
    expect_same<AccountIdRule>(input_member("signer", "GetSigningProfile", "profileOwner"));
}

TEST(Ids, CertificateIdsAreTheHexOfTheModelInLowerCaseAndWithoutItsPrefix) {
    const ShapeRow& shape = input_member("iot", "DescribeCertificate", "certificateId");
    const std::string id(64, 'a');
    EXPECT_TRUE(CertificateIdRule::fits(id) && fits(shape, id));
    // The model also takes what no certificate of the service is ever called.
    EXPECT_TRUE(fits(shape, std::string(64, 'A')) && !CertificateIdRule::fits(std::string(64, 'A')));
    EXPECT_FALSE(fits(shape, std::string(63, 'a')) || CertificateIdRule::fits(std::string(63, 'a')));
    EXPECT_FALSE(fits(shape, std::string(64, 'g')) || CertificateIdRule::fits(std::string(64, 'g')));
}

}  // namespace
}  // namespace otabahn::awsapi

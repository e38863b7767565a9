// SPDX-License-Identifier: Apache-2.0
#include "sigv4/verify.hpp"

#include "sigv4/amz_time.hpp"
#include "sigv4/sign.hpp"
#include "sigv4/sigv2.hpp"
#include "sigv4/url_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace otabahn::sigv4 {
namespace {

using testing::HasSubstr;

const Credentials key{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""};
const Timestamp noon = parse_amz_time("20250628T120000Z").value();

// A request on its way: what a client signed, which the test may then change.
struct Sent {
    std::string method = "GET", target = "/streams?maxResults=10";
    std::vector<Header> headers;
    std::string payload_hash{empty_sha256};

    std::vector<HeaderView> views() const {
        std::vector<HeaderView> out;
        for (const Header& header : headers) out.push_back({header.name, header.value});
        return out;
    }
    Header& header(std::string_view name) {
        for (Header& one : headers)
            if (to_lower(one.name) == to_lower(name)) return one;
        ADD_FAILURE() << "no header " << name;
        return headers.front();
    }
    void replace(std::string_view name, std::string_view from, std::string_view to) {
        std::string& value = header(name).value;
        const std::size_t place = value.find(from);
        ASSERT_NE(place, std::string::npos) << value;
        value.replace(place, from.size(), to);
    }
};

Sent sign(std::string method, std::string target, std::string service, std::vector<Header> headers = {},
          std::string payload_hash = std::string(empty_sha256), const Credentials& credentials = key) {
    headers.insert(headers.begin(), {"Host", "127.0.0.1:4566"});
    Sent sent{method, target, headers, payload_hash};
    for (Header& added : sign_headers(credentials, {method, target, headers, payload_hash, "us-east-1", std::move(service), noon}))
        sent.headers.push_back(std::move(added));
    return sent;
}

Result<Proof, Refusal> judge(const Sent& sent, Timestamp now = noon, std::string_view secret = key.secret) {
    const auto views = sent.views();
    const RequestView request{sent.method, sent.target, views};
    auto claim = read_claim(request);
    if (!claim) return Unexpected(claim.error());
    return verify(*claim, request, secret, sent.payload_hash, now);
}

Refused reason_of(const Sent& sent, Timestamp now = noon) {
    const auto result = judge(sent, now);
    if (result) {
        ADD_FAILURE() << "it was accepted";
        return Refused{};
    }
    return result.error().reason;
}

TEST(Verify, AcceptsWhatTheSameCoreSigned) {
    for (const char* service : {"iot", "execute-api", "signer", "acm", "iam", "s3"})
        EXPECT_TRUE(judge(sign("GET", "/a%20b/../c//d?x=1&y&x=0", service))) << service;
}

TEST(Verify, NamesKeyScopeAndTimeOfTheClaim) {
    const Sent sent = sign("GET", "/streams", "iot");
    const auto views = sent.views();
    const auto claim = read_claim({"GET", "/streams", views});
    ASSERT_TRUE(claim);
    EXPECT_EQ(claim->access_key_id, key.access_key_id);
    EXPECT_EQ(claim->scope.text(), "20250628/us-east-1/iot/aws4_request");
    EXPECT_EQ(claim->signed_at, noon);
}

TEST(Verify, AcceptsAnAuthorizationHeaderWithoutBlanksAndInAnyOrder) {
    Sent sent = sign("GET", "/streams", "iot");
    std::string& value = sent.header("Authorization").value;
    const std::size_t credential = value.find("Credential="), headers = value.find("SignedHeaders="), signature = value.find("Signature=");
    value = "AWS4-HMAC-SHA256 " + value.substr(signature) + "," + value.substr(headers, value.find(',', headers) - headers) + "," +
            value.substr(credential, value.find(',', credential) - credential);
    EXPECT_TRUE(judge(sent));
}

TEST(Verify, AcceptsADateHeaderThatIsSigned) {
    Sent sent{"GET", "/streams", {{"Host", "h"}, {"Date", "Sat, 28 Jun 2025 12:00:00 GMT"}}};
    const CredentialScope scope{"20250628", "us-east-1", "iot"};
    const auto views = sent.views();
    const std::vector<std::string> names{"date", "host"};
    const std::string canonical = canonical_request({"GET", "/streams", views}, PathForm::encoded_again, names, empty_sha256, {});
    const std::string signature = sign_string(signing_key(key.secret, scope), string_to_sign("20250628T120000Z", scope, canonical));
    sent.headers.push_back({"Authorization", "AWS4-HMAC-SHA256 Credential=" + key.access_key_id + "/" + scope.text() +
                                                 ", SignedHeaders=date;host, Signature=" + signature});
    EXPECT_TRUE(judge(sent));
}

TEST(Verify, RepeatedHeadersAndRunsOfBlanksAreJoined) {
    Sent sent = sign("GET", "/", "s3", {{"X-Amz-Meta-A", "one two,three"}});
    sent.header("X-Amz-Meta-A").value = "  one   two ";
    sent.headers.push_back({"x-amz-meta-a", "three"});
    EXPECT_TRUE(judge(sent));
}

TEST(Verify, RefusesAnotherMethodPathQueryHeaderOrBody) {
    Sent sent = sign("GET", "/streams?a=1", "iot", {{"X-Amz-Target", "T.Op"}});
    Sent other = sent;
    other.method = "HEAD";
    EXPECT_EQ(reason_of(other), Refused::mismatch);
    other = sent;
    other.target = "/streams/x?a=1";
    EXPECT_EQ(reason_of(other), Refused::mismatch);
    other = sent;
    other.target = "/streams?a=2";
    EXPECT_EQ(reason_of(other), Refused::mismatch);
    other = sent;
    other.header("X-Amz-Target").value = "T.Other";
    EXPECT_EQ(reason_of(other), Refused::mismatch);
    other = sent;
    other.payload_hash = sha256_hex("x");
    EXPECT_EQ(reason_of(other), Refused::mismatch);
}

TEST(Verify, RefusesAnotherSecretAndSaysWhatWasSigned) {
    const auto result = judge(sign("GET", "/streams", "iot"), noon, "another secret");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().reason, Refused::mismatch);
    EXPECT_THAT(result.error().string_to_sign, HasSubstr("AWS4-HMAC-SHA256\n20250628T120000Z\n20250628/us-east-1/iot/aws4_request\n"));
    EXPECT_THAT(result.error().canonical_request, HasSubstr("GET\n/streams\n"));
    EXPECT_EQ(result.error().signature_provided.size(), 64u);
    EXPECT_EQ(result.error().access_key_id, key.access_key_id);
}

TEST(Verify, S3TakesThePathAsItIsAndOthersNormaliseIt) {
    Sent s3 = sign("GET", "/b/a//c/../d", "s3");
    EXPECT_TRUE(judge(s3));
    s3.target = "/b/a/d";
    EXPECT_EQ(reason_of(s3), Refused::mismatch);
    EXPECT_EQ(canonical_path("/a//b/./c/../d%3A/", PathForm::encoded_again), "/a/b/d%253A/");
    EXPECT_EQ(canonical_path("/../..", PathForm::encoded_again), "/");
    EXPECT_EQ(canonical_path("/a/.", PathForm::encoded_again), "/a/");
    EXPECT_EQ(canonical_path("", PathForm::as_sent), "/");
}

TEST(Verify, FifteenMinutesAreAllowedEitherWayAndNoSecondMore) {
    const Sent sent = sign("GET", "/streams", "iot");
    using namespace std::chrono_literals;
    EXPECT_TRUE(judge(sent, noon + 15min));
    EXPECT_TRUE(judge(sent, noon - 15min));
    EXPECT_EQ(reason_of(sent, noon + 15min + 1s), Refused::expired);
    EXPECT_EQ(reason_of(sent, noon - 15min - 1s), Refused::not_yet_valid);
}

TEST(Verify, ARequestOfTwentyMinutesAgoIsToldBothTimes) {
    const auto result = judge(sign("GET", "/streams", "iot"), noon + std::chrono::minutes(20));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().message,
              "Signature expired: 20250628T120000Z is now earlier than 20250628T120500Z (20250628T122000Z - 15 min.)");
    EXPECT_EQ(result.error().request_time, noon);
    EXPECT_EQ(result.error().server_time, noon + std::chrono::minutes(20));
}

TEST(Verify, AnAmzHeaderThatIsNotSignedIsRefusedByName) {
    Sent sent = sign("PUT", "/b/k", "s3");
    sent.headers.push_back({"X-Amz-Copy-Source", "/secret/object"});
    const auto result = judge(sent);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().reason, Refused::unsigned_header);
    EXPECT_EQ(result.error().header, "x-amz-copy-source");
}

TEST(Verify, ATemporaryKeysTokenIsSigned) {
    Credentials temporary = key;
    temporary.session_token = "token+/=";
    Sent sent = sign("GET", "/streams", "iot", {}, std::string(empty_sha256), temporary);
    EXPECT_TRUE(judge(sent));
    sent.header("X-Amz-Security-Token").value = "another";
    EXPECT_EQ(reason_of(sent), Refused::mismatch);
}

TEST(Verify, MalformedAuthorizationHeadersAreRefusedAsSuch) {
    const Sent good = sign("GET", "/streams", "iot");
    const std::vector<std::pair<std::string, std::string>> changes{
        {"/aws4_request", "/aws4_answer"},
        {"/us-east-1", ""},
        {"Credential=", "Credentials="},
        {"SignedHeaders=host;", "SignedHeaders="},
        {"Signature=", "Signature=0"},
        {"host;", "Host;"},
        {"host;", "host;host;"},
        {"Signature=", "Extra=1, Signature="},
        {"host;", ";"},
        {"20250628/", "20250629/"},
    };
    for (const auto& [from, to] : changes) {
        Sent sent = good;
        sent.replace("Authorization", from, to);
        EXPECT_EQ(reason_of(sent), Refused::malformed_header) << from << " -> " << to;
    }
    Sent sent = good;
    sent.header("Authorization").value = "AWS4-HMAC-SHA256";
    EXPECT_EQ(reason_of(sent), Refused::malformed_header);
    sent = good;
    sent.header("X-Amz-Date").value = "2025-06-28T12:00:00Z";
    EXPECT_EQ(reason_of(sent), Refused::malformed_header);
    sent = good;
    sent.header("X-Amz-Date").name = "X-Another";
    EXPECT_EQ(reason_of(sent), Refused::malformed_header);
    sent = good;
    sent.headers.push_back(sent.header("Authorization"));
    EXPECT_EQ(reason_of(sent), Refused::malformed_header);
}

TEST(Verify, OtherWaysToAuthenticateAreNamedAndRefused) {
    for (const char* value : {"AWS AKIAIOSFODNN7EXAMPLE:frJIUN8DYpKDtOLCwo//yllqDzg=", "Basic dTpw", "AWS4-ECDSA-P256-SHA256 Credential=x",
                              "AWS4-HMAC-SHA256x y"}) {
        const Sent sent{"GET", "/", {{"Host", "h"}, {"Authorization", value}}};
        EXPECT_EQ(reason_of(sent), Refused::unsupported_algorithm) << value;
    }
    EXPECT_EQ(reason_of({"GET", "/", {{"Host", "h"}}}), Refused::no_signature);
    Sent both = sign("GET", "/b/k", "s3");
    both.target += "?X-Amz-Signature=1";
    EXPECT_EQ(reason_of(both), Refused::two_signatures);
}

class Presigned : public testing::Test {
  protected:
    PresignInput input() const {
        PresignInput in;
        in.scheme = "http";
        in.host = "127.0.0.1:4566";
        in.path = "/bucket/a%20key";
        in.query = "versionId=v1";
        in.region = "eu-west-1";
        in.service = "s3";
        in.lifetime = std::chrono::seconds(600);
        in.now = noon;
        return in;
    }
    static Sent sent_of(const std::string& url, std::string_view payload_hash = "UNSIGNED-PAYLOAD") {
        const std::size_t host = url.find("//") + 2, path = url.find('/', host);
        return {"GET", url.substr(path), {{"Host", url.substr(host, path - host)}}, std::string(payload_hash)};
    }
};

TEST_F(Presigned, IsAcceptedUntilItsEnd) {
    const Sent sent = sent_of(presign_url(key, input()));
    using namespace std::chrono_literals;
    EXPECT_TRUE(judge(sent, noon));
    EXPECT_TRUE(judge(sent, noon + 599s));
    EXPECT_TRUE(judge(sent, noon - 15min));
    EXPECT_EQ(reason_of(sent, noon + 600s), Refused::link_expired);
    EXPECT_EQ(reason_of(sent, noon - 16min), Refused::not_yet_valid);
}

TEST_F(Presigned, AnExpiredLinkSaysWhen) {
    const auto result = judge(sent_of(presign_url(key, input())), noon + std::chrono::hours(2));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().message, "Request has expired");
    EXPECT_EQ(result.error().expires_at, noon + std::chrono::seconds(600));
}

TEST_F(Presigned, TheMethodAndEveryParameterAreSigned) {
    Sent sent = sent_of(presign_url(key, input()));
    sent.method = "HEAD";
    EXPECT_EQ(reason_of(sent), Refused::mismatch);
    sent = sent_of(presign_url(key, input()));
    sent.target.replace(sent.target.find("versionId=v1"), 12, "versionId=v2");
    EXPECT_EQ(reason_of(sent), Refused::mismatch);
    sent = sent_of(presign_url(key, input()));
    sent.target.replace(sent.target.find("Expires=600"), 11, "Expires=604800");
    EXPECT_EQ(reason_of(sent), Refused::mismatch);
}

TEST_F(Presigned, BadParametersAreRefusedAsSuch) {
    const std::string url = presign_url(key, input());
    const std::vector<std::pair<std::string, std::string>> changes{
        {"X-Amz-Expires=600", "X-Amz-Expires=0"}, {"X-Amz-Expires=600", "X-Amz-Expires=604801"},
        {"X-Amz-Expires=600", "X-Amz-Expires=x"}, {"X-Amz-Expires=600", "X-Amz-Expires=600&X-Amz-Expires=600"},
        {"X-Amz-Date=2025", "X-Amz-Date=2024"},   {"X-Amz-Date=2025", "X-Amz-Dat=2025"},
        {"AWS4-HMAC-SHA256", "AWS4-HMAC-SHA512"}, {"SignedHeaders=host", "SignedHeaders=range"},
        {"%2Faws4_request", "%2Faws4"},           {"X-Amz-Signature=", "X-Amz-Signature=z"},
    };
    for (const auto& [from, to] : changes) {
        Sent sent = sent_of(url);
        const std::size_t place = sent.target.find(from);
        ASSERT_NE(place, std::string::npos) << from;
        sent.target.replace(place, from.size(), to);
        EXPECT_EQ(reason_of(sent), Refused::malformed_query) << to;
    }
}

TEST_F(Presigned, TheTokenOfAWebSocketMayStandOutsideOfWhatIsSigned) {
    Credentials temporary = key;
    temporary.session_token = "to/ken";
    PresignInput in = input();
    in.service = "iotdevicegateway";
    in.path = "/mqtt";
    in.query.clear();
    EXPECT_TRUE(judge(sent_of(presign_url(temporary, in), empty_sha256)));
    // Inside, as the generic signer puts it.
    in.query = "X-Amz-Security-Token=to%2Fken";
    EXPECT_TRUE(judge(sent_of(presign_url(key, in), empty_sha256)));
    in.service = "s3";
    in.query.clear();
    Sent outside = sent_of(presign_url(key, in));
    outside.target += "&X-Amz-Security-Token=to%2Fken";
    EXPECT_EQ(reason_of(outside), Refused::mismatch);
}

TEST_F(Presigned, WithoutExpiresItLivesAsLongAsASignedHeader) {
    const CredentialScope scope{"20250628", "us-east-1", "iotdevicegateway"};
    std::string target =
        "/mqtt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20250628%2Fus-east-1%2Fiotdevicegateway%2Faws4_"
        "request"
        "&X-Amz-Date=20250628T120000Z&X-Amz-SignedHeaders=host";
    const std::vector<HeaderView> host{{"host", "h"}};
    const std::vector<std::string> names{"host"};
    const std::string canonical = canonical_request({"GET", target, host}, PathForm::encoded_again, names, empty_sha256, {});
    target += "&X-Amz-Signature=" + sign_string(signing_key(key.secret, scope), string_to_sign("20250628T120000Z", scope, canonical));
    const Sent sent{"GET", target, {{"Host", "h"}}};
    EXPECT_TRUE(judge(sent));
    EXPECT_EQ(reason_of(sent, noon + std::chrono::minutes(16)), Refused::expired);
}

class VersionTwo : public testing::Test {
  protected:
    static Sent sent(std::string_view resource_query = "") {
        Sent out{"GET", "/bkt/a%20b", {{"Host", "h"}}};
        out.target += "?" + std::string(resource_query) + (resource_query.empty() ? "" : "&") +
                      "AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Expires=1751112600";
        const auto views = out.views();
        const std::string signature = v2_signature(key.secret, v2_string_to_sign({out.method, out.target, views}, ""));
        out.target += "&Signature=" + percent_encode(signature, Slash::encode);
        return out;
    }
};

TEST_F(VersionTwo, IsAcceptedUntilItsEnd) {
    EXPECT_TRUE(judge(sent("response-content-type=text%2Fplain&versionId=1")));
    EXPECT_EQ(reason_of(sent(), from_millis(1751112600'000)), Refused::link_expired);
    EXPECT_TRUE(judge(sent(), from_millis(1751112599'000)));
}

TEST_F(VersionTwo, SubresourcesAreSignedAndOtherParametersAreNot) {
    Sent changed = sent("versionId=1");
    changed.target.replace(changed.target.find("versionId=1"), 11, "versionId=2");
    EXPECT_EQ(reason_of(changed), Refused::mismatch);
    Sent more = sent();
    more.target += "&unknown=1";
    EXPECT_TRUE(judge(more));
    Sent uploads = sent();
    uploads.target += "&uploads";
    EXPECT_EQ(reason_of(uploads), Refused::mismatch);
}

TEST_F(VersionTwo, ABucketInTheHostNameBelongsToTheResource) {
    Sent virtual_host = sent();
    virtual_host.target.erase(0, std::string_view("/bkt").size());
    const auto views = virtual_host.views();
    const RequestView request{virtual_host.method, virtual_host.target, views};
    const auto claim = read_claim(request);
    ASSERT_TRUE(claim);
    EXPECT_TRUE(verify(*claim, request, key.secret, "", noon, {"/bkt"}));
    EXPECT_FALSE(verify(*claim, request, key.secret, "", noon, {"/other"}));
}

TEST_F(VersionTwo, BadParametersAreRefusedAsSuch) {
    EXPECT_EQ(reason_of({"GET", "/b/k?AWSAccessKeyId=A&Signature=x", {}}), Refused::malformed_query);
    EXPECT_EQ(reason_of({"GET", "/b/k?AWSAccessKeyId=A&Signature=x&Expires=soon", {}}), Refused::malformed_query);
    EXPECT_EQ(reason_of({"GET", "/b/k?AWSAccessKeyId=&Signature=x&Expires=1", {}}), Refused::malformed_query);
    EXPECT_EQ(reason_of({"GET", "/b/k?AWSAccessKeyId=A&Signature=x&Expires=999999999999999999", {}}), Refused::malformed_query);
}

TEST(Times, FormsOfTime) {
    EXPECT_EQ(format_http_date(noon), "Sat, 28 Jun 2025 12:00:00 GMT");
    EXPECT_EQ(parse_http_date("Sat, 28 Jun 2025 12:00:00 GMT"), noon);
    EXPECT_EQ(format_iso_time(noon), "2025-06-28T12:00:00Z");
    for (const char* bad : {"20250628T120000", "20250628T240000Z", "20250230T120000Z", "20250628 120000Z", "2025062xT120000Z", ""})
        EXPECT_FALSE(parse_amz_time(bad)) << bad;
    for (const char* bad : {"Sat, 28 Jux 2025 12:00:00 GMT", "Saturday, 28-Jun-25 12:00:00 GMT", "Sat, 28 Jun 2025 12:00:00 CET", ""})
        EXPECT_FALSE(parse_http_date(bad)) << bad;
}

TEST(Queries, AreSortedAndEncodedAsAwsDoes) {
    EXPECT_EQ(canonical_query("versions", {}), "versions=");
    EXPECT_EQ(canonical_query("b=2&a=%7e%2f+ &a=1&&B=x", {}), "B=x&a=1&a=~%2F%2B%20&b=2");
    EXPECT_EQ(canonical_query("a=%zz%4", {}), "a=%25zz%254");
}

}  // namespace
}  // namespace otabahn::sigv4

// SPDX-License-Identifier: Apache-2.0
// Conversations with a real server over a real socket: who is let in, and how those are refused who are not.
#include "http/loopback_fixture.hpp"

#include <gmock/gmock.h>

#include <future>

namespace otabahn::http {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST_F(Loopback, ASignedRequestIsAnsweredAndItsScopeNamesAccountAndRegion) {
    start();
    const Answer answer = ask(request({}));
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_THAT(answer.body, HasSubstr("arn:aws:iot:eu-west-1:123456789012:caller"));
    EXPECT_EQ(answer.header("x-amzn-RequestId").size(), 36u);
    EXPECT_EQ(answer.header("Date"), "Sat, 28 Jun 2025 12:00:00 GMT");
}

TEST_F(Loopback, TheScopeThatOldCommandLinesUseForIotIsIot) {
    start();
    EXPECT_EQ(ask(request({.service = "execute-api"})).status, 200);
}

TEST_F(Loopback, AnotherSecretIsRefusedInTheServicesWords) {
    start();
    sigv4::Credentials wrong = key;
    wrong.secret = "guessed";
    const Answer answer = ask(head_of({}, wrong));
    EXPECT_EQ(answer.status, 403);
    EXPECT_THAT(answer.header("x-amzn-ErrorType"), StartsWith("InvalidSignatureException"));
    EXPECT_THAT(answer.body, HasSubstr("does not match the signature you provided"));
    EXPECT_THAT(answer.body, Not(HasSubstr("AWS4-HMAC")));
}

TEST_F(Loopback, S3ShowsWhatItWouldHaveSigned) {
    start();
    sigv4::Credentials wrong = key;
    wrong.secret = "guessed";
    const Answer answer = ask(head_of({.target = "/b/k", .service = "s3"}, wrong));
    EXPECT_EQ(answer.status, 403);
    EXPECT_THAT(answer.body, HasSubstr("<Code>SignatureDoesNotMatch</Code>"));
    EXPECT_THAT(answer.body, HasSubstr("<AWSAccessKeyId>AKIAIOSFODNN7EXAMPLE</AWSAccessKeyId>"));
    EXPECT_THAT(answer.body, HasSubstr("<StringToSign>AWS4-HMAC-SHA256\n20250628T120000Z"));
    EXPECT_THAT(answer.body, HasSubstr("<CanonicalRequest>GET\n/b/k\n"));
    EXPECT_EQ(answer.header("Server"), "AmazonS3");
    EXPECT_EQ(answer.header("x-amz-request-id").size(), 16u);
    EXPECT_FALSE(answer.header("x-amz-id-2").empty());
}

TEST_F(Loopback, ARequestOfTwentyMinutesAgoIsRefusedWithBothTimes) {
    start();
    signed_at = clock.now() - std::chrono::minutes(20);
    const Answer json = ask(request({}));
    EXPECT_EQ(json.status, 403);
    EXPECT_THAT(json.body, HasSubstr("Signature expired: 20250628T114000Z is now earlier than 20250628T114500Z"));
    const Answer s3 = ask(request({.target = "/b/k", .service = "s3"}));
    EXPECT_EQ(s3.status, 403);
    EXPECT_THAT(s3.body, HasSubstr("<Code>RequestTimeTooSkewed</Code>"));
    EXPECT_THAT(s3.body, HasSubstr("<MaxAllowedSkewMilliseconds>900000</MaxAllowedSkewMilliseconds>"));
}

TEST_F(Loopback, KeysThatAreUnknownOrInactiveAreRefused) {
    start();
    for (const char* id : {"AKIAUNKNOWN000000000", "AKIAINACTIVE00000000"}) {
        sigv4::Credentials other = key;
        other.access_key_id = id;
        const Answer json = ask(head_of({}, other));
        EXPECT_EQ(json.status, 403);
        EXPECT_THAT(json.header("x-amzn-ErrorType"), StartsWith("UnrecognizedClientException")) << id;
        const Answer s3 = ask(head_of({.target = "/b/k", .service = "s3"}, other));
        EXPECT_THAT(s3.body, HasSubstr("InvalidAccessKeyId"));
        const Answer query = ask(head_of({.method = "POST", .target = "/", .service = "sts"}, other));
        EXPECT_EQ(query.status, 403);
        EXPECT_THAT(query.body, HasSubstr("InvalidClientTokenId"));
    }
}

TEST_F(Loopback, ASessionTokenOnALongLivedKeyIsRefused) {
    start();
    sigv4::Credentials temporary = key;
    temporary.session_token = "token";
    EXPECT_THAT(ask(head_of({}, temporary)).header("x-amzn-ErrorType"), StartsWith("UnrecognizedClientException"));
}

TEST_F(Loopback, AKeyThatCannotBeLookedUpIsTheServersFault) {
    start();
    sigv4::Credentials broken = key;
    broken.access_key_id = "AKIABROKEN0000000000";
    EXPECT_EQ(ask(head_of({}, broken)).status, 500);
}

TEST_F(Loopback, NothingUnsignedPassesInAnyServicesWords) {
    start();
    const Answer json = ask("GET /things HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(json.status, 403);
    EXPECT_THAT(json.header("x-amzn-ErrorType"), StartsWith("MissingAuthenticationTokenException"));
    const Answer s3 = ask("GET /bucket/key HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(s3.status, 403);
    EXPECT_THAT(s3.body, HasSubstr("<Code>AccessDenied</Code>"));
    const std::string form = "Action=ListRoles&Version=2010-05-08";
    const Answer iam =
        ask("POST / HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-www-form-urlencoded; charset=utf-8\r\nContent-Length: " +
            std::to_string(form.size()) + "\r\n\r\n" + form);
    EXPECT_EQ(iam.status, 403);
    EXPECT_THAT(iam.body, HasSubstr("https://iam.amazonaws.com/doc/2010-05-08/"));
    EXPECT_THAT(iam.body, HasSubstr("MissingAuthenticationToken"));
    const Answer acm =
        ask("POST / HTTP/1.1\r\nHost: h\r\nX-Amz-Target: CertificateManager.ListCertificates\r\nContent-Length: 2\r\n\r\n{}");
    EXPECT_EQ(acm.status, 400);
    EXPECT_THAT(acm.body, HasSubstr("MissingAuthenticationTokenException"));
    for (const char* path : {"/healthz/", "/metrics2", "/.well-known/otabahn/x"})
        EXPECT_EQ(ask("GET " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n\r\n").status, 403) << path;
    EXPECT_EQ(ask("POST /healthz HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n").status, 403);
}

TEST_F(Loopback, TheThreeOpenPathsAreOpenToGetAlone) {
    start();
    EXPECT_EQ(ask("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n").body, "ok\n");
    EXPECT_EQ(ask("GET /.well-known/otabahn HTTP/1.1\r\nHost: h\r\n\r\n").body, R"({"account":"123456789012"})");
    ask(request({}));
    EXPECT_THAT(ask("GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n").body, HasSubstr("otabahn_http_requests_total{"));
}

TEST_F(Loopback, TheOpenPathsSignedForS3AreBuckets) {
    start();
    EXPECT_EQ(ask(request({.target = "/metrics/healthz", .service = "s3"})).body, "metrics healthz");
}

TEST_F(Loopback, MalformedAndForeignSignaturesAreRefused) {
    start();
    const Answer malformed = ask("GET /things HTTP/1.1\r\nHost: h\r\nAuthorization: AWS4-HMAC-SHA256 Credential=x\r\n\r\n");
    EXPECT_EQ(malformed.status, 403);
    EXPECT_THAT(malformed.header("x-amzn-ErrorType"), StartsWith("IncompleteSignatureException"));
    const Answer old =
        ask("GET /bucket/key HTTP/1.1\r\nHost: h\r\nAuthorization: AWS AKIAIOSFODNN7EXAMPLE:frJIUN8DYpKDtOLCwo//yllqDzg=\r\n\r\n");
    EXPECT_EQ(old.status, 400);
    EXPECT_THAT(old.body, HasSubstr("<Code>InvalidRequest</Code>"));
    EXPECT_THAT(old.body, HasSubstr("AWS4-HMAC-SHA256"));
    const Answer foreign = ask(request({.service = "dynamodb"}));
    EXPECT_EQ(foreign.status, 501);
    EXPECT_THAT(foreign.body, HasSubstr("'dynamodb', which is not served here"));
}

TEST_F(Loopback, AChangedBodyIsRefused) {
    start();
    const Spec spec{.method = "POST", .target = "/things/lamp", .body = R"({"thingTypeName":"a"})"};
    EXPECT_EQ(ask(request(spec)).status, 200);
    EXPECT_EQ(ask(head_of(spec, key) + R"({"thingTypeName":"b"})").status, 403);
}

TEST_F(Loopback, UnboundOperationsAnswer501WithTheirName) {
    start();
    const Answer answer = ask(request({.target = "/billing-groups"}));
    EXPECT_EQ(answer.status, 501);
    EXPECT_THAT(answer.body, HasSubstr("ListBillingGroups"));
}

TEST_F(Loopback, WebSocketUpgradesAreToldThatTheyAreNotServed) {
    start();
    const Answer answer = ask(upgrade());
    EXPECT_EQ(answer.status, 501);
    EXPECT_THAT(answer.body, HasSubstr("MQTT over WebSocket"));
}

TEST_F(Loopback, AWebSocketIsHandedOverWithWhoSignedItAndWhatFollowed) {
    std::promise<MqttArrival> arrived;
    options.take_mqtt = [&](MqttArrival arrival) { arrived.set_value(std::move(arrival)); };
    start();
    Peer peer(port);
    peer.send(upgrade() + "first bytes");
    const Answer answer = peer.receive();
    EXPECT_EQ(answer.status, 101);
    EXPECT_EQ(answer.header("Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    EXPECT_EQ(answer.header("Sec-WebSocket-Protocol"), "mqtt");
    MqttArrival arrival = arrived.get_future().get();
    EXPECT_EQ(arrival.via, MqttArrival::Via::websocket);
    EXPECT_EQ(arrival.caller->arn, "arn:aws:iam::123456789012:root");
    EXPECT_EQ(arrival.caller->scope.region.text(), "eu-west-1");
    EXPECT_EQ(arrival.connected.address, "127.0.0.1");
    EXPECT_EQ(arrival.received, "first bytes");
    ASSERT_EQ(arrival.connected.stream.write(as_bytes(std::string_view("HTTP/1.1 299 here\r\n\r\n"))).bytes, 21U);
    EXPECT_EQ(peer.receive().status, 299);
}

TEST_F(Loopback, WhatIsNoUpgradeToMqttIsRefusedWithTheReason) {
    options.take_mqtt = [](MqttArrival) { ADD_FAILURE() << "handed over"; };
    start();
    struct Row {
        std::string bytes;
        int status;
        const char* says;
    };
    const auto without = [this](const std::string& line) {
        std::string bytes = upgrade();
        return bytes.erase(bytes.find(line), line.size());
    };
    const Row rows[] = {
        {without("Connection: Upgrade\r\n"), 400, "Connection: Upgrade"},
        {without("Sec-WebSocket-Version: 13\r\n"), 426, "13 is the one"},
        {without("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"), 400, "16 bytes"},
        {upgrade("soap"), 400, "mqtt is the one"},
        {upgrade("mqtt", "iot"), 403, ""},
        {without("Credential="), 403, "Credential"},
        {upgrade("mqtt", "iotdevicegateway", "other-host"), 403, ""},
    };
    for (const auto& row : rows) {
        const Answer answer = ask(row.bytes);
        EXPECT_EQ(answer.status, row.status) << row.says;
        EXPECT_THAT(answer.body, HasSubstr(row.says));
    }
}

TEST_F(Loopback, TheHostOfAWebSocketMayBeSignedWithoutItsPort) {
    std::atomic<int> arrived = 0;
    options.take_mqtt = [&](MqttArrival) { ++arrived; };
    start();
    for (const char* signed_host : {"localhost", "localhost:443", "localhost:4443"})
        EXPECT_EQ(ask(upgrade("mqttv3.1", "iotdata", signed_host, "localhost:4443")).status, 101) << signed_host;
    stop();  // which waits for the connections
    EXPECT_EQ(arrived, 3);
}

TEST_F(Loopback, TheScopeDecidesBetweenServicesThatShareAPath) {
    start();
    EXPECT_THAT(ask(request({.target = "/things/lamp/jobs", .service = "iot"})).body, HasSubstr("ListJobExecutionsForThing"));
    EXPECT_THAT(ask(request({.target = "/things/lamp/jobs", .service = "iot-jobs-data"})).body, HasSubstr("GetPendingJobExecutions"));
    EXPECT_THAT(ask(request({.target = "/things/lamp/shadow", .service = "iotdevicegateway"})).body, HasSubstr("GetThingShadow"));
}

TEST_F(Loopback, AHandlerThatThrowsIsAnInternalFailureAndTheConnectionLives) {
    start();
    Peer peer(port);
    peer.send(request({.target = "/things?attributeName=throw"}));
    EXPECT_EQ(peer.receive().status, 500);
    peer.send(request({}));
    EXPECT_EQ(peer.receive().status, 200);
}

TEST_F(Loopback, AFullPoolIsSaidSoAtOnceInTheServicesWords) {
    start();
    std::unique_lock held(gate);
    const auto block = [this] {
        ++waiting;
        const std::lock_guard lock(gate);
    };
    // Two threads that wait, and then two places in the queue.
    ASSERT_TRUE(pool.try_post(block) && pool.try_post(block));
    while (waiting < 2) std::this_thread::yield();
    ASSERT_TRUE(pool.try_post(block) && pool.try_post(block));
    const Answer json = ask(request({}));
    EXPECT_EQ(json.status, 503);
    EXPECT_THAT(json.header("x-amzn-ErrorType"), StartsWith("ServiceUnavailableException"));
    const Answer s3 = ask(request({.target = "/b/k", .service = "s3"}));
    EXPECT_EQ(s3.status, 503);
    EXPECT_THAT(s3.body, HasSubstr("<Code>SlowDown</Code>"));
    const Answer upload = ask(head_of({.method = "PUT", .target = "/b/k", .service = "s3", .body = "x"}, key));
    EXPECT_EQ(upload.status, 503);
    EXPECT_EQ(ask("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n").status, 200);
    held.unlock();
}

TEST_F(Loopback, APresignedUrlOpensOneObjectForAWhile) {
    start();
    sigv4::PresignInput input;
    input.scheme = "http";
    input.host = "localhost";
    input.path = "/bucket/a%20key";
    input.region = "us-east-1";
    input.service = "s3";
    input.lifetime = std::chrono::seconds(60);
    input.now = clock.now();
    const std::string target = sigv4::presign_url(key, input).substr(std::string_view("http://localhost").size());
    EXPECT_EQ(ask("GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n").body, "bucket a key");
    EXPECT_EQ(ask("HEAD " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n", true).status, 403);
    clock.pass(std::chrono::seconds(61));
    const Answer expired = ask("GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_EQ(expired.status, 403);
    EXPECT_THAT(expired.body, HasSubstr("<Message>Request has expired</Message><Expires>2025-06-28T12:01:00Z</Expires>"));
}

TEST_F(Loopback, ABucketInTheHostNameIsTheFirstSegmentOfThePath) {
    options.hostname = "cloud.example";
    start();
    EXPECT_EQ(ask(request({.target = "/a%2Fb", .service = "s3", .host = "bucket.cloud.example:4566"})).body, "bucket a/b");
    EXPECT_EQ(ask(request({.target = "/x/y", .service = "s3", .host = "my.bucket.s3.cloud.example"})).body, "my.bucket x/y");
    EXPECT_EQ(ask(request({.target = "/x/y", .service = "s3", .host = "other.example"})).body, "x y");
}

TEST_F(Loopback, PortsThatAreTakenAreRefusedBySaying) {
    start();
    HttpOptions second = options;
    second.http.port = port;
    HttpServer other(second, pool, {}, operations, clock, nullptr, {});
    const auto started = other.start();
    ASSERT_FALSE(started);
    EXPECT_THAT(started.error().message, HasSubstr("127.0.0.1:" + std::to_string(port)));
    EXPECT_THAT(started.error().message, HasSubstr("--http"));
}

TEST(Addresses, AreHostAndPort) {
    EXPECT_EQ(Address::parse("127.0.0.1:0")->text(), "127.0.0.1:0");
    EXPECT_EQ(Address::parse("[::1]:4566")->host, "::1");
    EXPECT_EQ(Address::parse("[::1]:4566")->text(), "[::1]:4566");
    for (const char* bad : {"", "4566", "localhost", ":1", "h:", "h:65536", "h:-1", "h:1x", "::1:80"})
        EXPECT_FALSE(Address::parse(bad)) << bad;
}

}  // namespace
}  // namespace otabahn::http

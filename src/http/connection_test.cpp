// SPDX-License-Identifier: Apache-2.0
// Connections: kept, pipelined, slow, malformed, over TLS, and how a server stops.
#include "api/iot-data.hpp"
#include "http/loopback_fixture.hpp"
#include "x509/x509.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>

#include <filesystem>
#include <utility>
#include <fstream>

namespace otabahn::http {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST_F(Loopback, RequestsMayFollowOneAnotherWithoutWaiting) {
    start();
    Peer peer(port);
    peer.send(request({.target = "/b/one", .service = "s3"}) +
              request({.method = "PUT", .target = "/b/two", .service = "s3", .body = "two"}) +
              request({.target = "/b/three", .service = "s3"}));
    EXPECT_EQ(peer.receive().body, "b one");
    EXPECT_EQ(peer.receive().status, 200);
    EXPECT_EQ(peer.receive().body, "b three");
    EXPECT_EQ(object.bytes, "two");
}

TEST_F(Loopback, AClientThatAsksForItIsClosed) {
    start();
    Peer peer(port);
    peer.send(request({.headers = {{"Connection", "close"}}}));
    EXPECT_EQ(peer.receive().header("Connection"), "close");
    EXPECT_TRUE(peer.is_closed_by_peer());
}

TEST_F(Loopback, HttpOneZeroIsAnswered) {
    start();
    Peer peer(port);
    peer.send("GET /healthz HTTP/1.0\r\n\r\n");
    EXPECT_EQ(peer.receive().status, 200);
    EXPECT_TRUE(peer.is_closed_by_peer());
}

TEST_F(Loopback, HeadersPastTheLimitAreRefused) {
    options.header_limit = 8 * 1024;
    start();
    EXPECT_EQ(ask("GET /healthz HTTP/1.1\r\nHost: h\r\nX-Long: " + std::string(9000, 'x') + "\r\n\r\n").status, 431);
    std::string many = "GET /healthz HTTP/1.1\r\nHost: h\r\n";
    for (int i = 0; i < 2000; ++i) many += "X-" + std::to_string(i) + ": 1\r\n";
    EXPECT_EQ(ask(many + "\r\n").status, 431);
    EXPECT_EQ(ask("GET /" + std::string(100'000, 'x')).status, 431);
}

TEST_F(Loopback, WhatIsNoHttpIsRefused) {
    start();
    EXPECT_EQ(ask("\x16\x03\x01\x02 not http\r\n\r\n").status, 400);
    EXPECT_EQ(ask("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx").status, 400);
    EXPECT_EQ(ask("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx").status, 400);
    EXPECT_EQ(ask("GET / HTTP/1.1\r\nHost h\r\n\r\n").status, 400);
    EXPECT_EQ(ask("GET /\r\nbad HTTP/9.9\r\n\r\n").status, 400);
}

TEST_F(Loopback, APeerThatTakesItsTimeOverTheHeadersIsToldSoAndClosed) {
    options.head_timeout = std::chrono::milliseconds(200);
    start();
    Peer peer(port);
    peer.send("GET /healthz HTTP/1.1\r\nHost: ");
    EXPECT_EQ(peer.receive().status, 408);
    EXPECT_TRUE(peer.is_closed_by_peer());
}

TEST_F(Loopback, ASilentPeerIsClosedAfterTheIdleTime) {
    options.idle_timeout = std::chrono::milliseconds(100);
    start();
    Peer peer(port);
    EXPECT_TRUE(peer.is_closed_by_peer());
    Peer used(port);
    used.send(request({}));
    EXPECT_EQ(used.receive().status, 200);
    EXPECT_TRUE(used.is_closed_by_peer());
}

TEST_F(Loopback, ABodyThatStopsComingIsGivenUp) {
    options.body_timeout = std::chrono::milliseconds(200);
    start();
    const Spec whole{.method = "POST", .target = "/things/lamp", .body = "{}"};
    Peer peer(port);
    peer.send(head_of(whole, key) + "{");
    EXPECT_EQ(peer.receive().status, 400);
    Peer uploading(port);
    uploading.send(head_of({.method = "PUT", .target = "/b/k", .service = "s3", .body = "hello"}, key) + "hel");
    const Answer answer = uploading.receive();
    EXPECT_EQ(answer.status, 400);
    EXPECT_THAT(answer.body, HasSubstr("<Code>RequestTimeout</Code>"));
    stop();
    EXPECT_EQ(object.begun, 1);
    EXPECT_EQ(object.gone, 1);
    EXPECT_EQ(object.finished, 0);
}

TEST_F(Loopback, MoreConnectionsThanAllowedAreClosedAtOnce) {
    options.most_connections = 1;
    start();
    Peer first(port);
    first.send(request({}));
    EXPECT_EQ(first.receive().status, 200);
    Peer second(port);
    EXPECT_TRUE(second.is_closed_by_peer());
    first.send(request({}));
    EXPECT_EQ(first.receive().status, 200);
}

TEST_F(Loopback, AStopEndsIdleConnectionsAtOnceAndLetsRunningRequestsEnd) {
    start();
    Peer idle(port), busy(port);
    idle.send(request({}));
    EXPECT_EQ(idle.receive().status, 200);
    std::unique_lock held(gate);
    busy.send(request({.target = "/things?attributeName=block"}));
    while (waiting < 1) std::this_thread::yield();
    std::thread stopping([this] { stop(); });
    EXPECT_TRUE(idle.is_closed_by_peer());
    held.unlock();
    const Answer answer = busy.receive();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.header("Connection"), "close");
    stopping.join();
}

TEST_F(Loopback, AStopBreaksOffWhatDoesNotEndInTime) {
    options.stop_timeout = std::chrono::milliseconds(50);
    start();
    Peer peer(port);
    peer.send(head_of({.method = "PUT", .target = "/b/k", .service = "s3", .body = "hello"}, key) + "hel");
    while (object.begun == 0) std::this_thread::yield();
    stop();
    EXPECT_EQ(object.gone, 1);
    EXPECT_EQ(object.finished, 0);
}

class Tls : public Loopback {
  protected:
    void SetUp() override {
        folder_ = std::filesystem::path(testing::TempDir()) / ("http-tls-" + std::to_string(::getpid()));
        std::filesystem::create_directories(folder_);
        write_pair("server");
        write_pair("device");
        server_tls = tls::Server::open({folder_ / "server.pem", folder_ / "server.key"}).value();
        options.tls = server_tls.get();
        options.https = Address{"127.0.0.1", 0};
        options.device_https = Address{"127.0.0.1", 0};
    }
    void TearDown() override {
        stop();
        std::filesystem::remove_all(folder_);
    }
    void write_pair(const std::string& name) {
        const auto private_key = x509::PrivateKey::generate(x509::KeyAlgorithm::ec_p256).value();
        x509::IssueRequest request;
        request.subject.common_name = name;
        request.not_before = clock.now();
        request.not_after = clock.now() + std::chrono::hours(24 * 3650);
        request.dns_names = {"localhost"};
        std::ofstream(folder_ / (name + ".pem")) << x509::issue(request, private_key, nullptr).value().to_pem();
        std::ofstream(folder_ / (name + ".key")) << private_key.to_pem();
    }
    // Devices may do that one thing.
    void admit(const std::string& allowed) {
        options.admit_device = [allowed](const std::string&, const std::string&, const std::string&) -> Result<DeviceAdmission> {
            const Scope scope{AccountId::trusted("123456789012"), Region::trusted("eu-west-1")};
            return DeviceAdmission{scope, [allowed](const std::string& action, const std::string& resource) -> Result<void> {
                                       if (action + " " + resource == allowed) return {};
                                       return fail(ErrorCode::access_denied, "not allowed: " + action + " " + resource);
                                   }};
        };
    }
    // What a TLS client gets for its request; empty when the handshake or the connection fails.
    std::string ask_tls(unsigned short to, const std::string& bytes, const std::string& certificate = "",
                        const std::string& protocol = "") {
        namespace asio = boost::asio;
        asio::io_context context;
        asio::ssl::context tls(asio::ssl::context::tls_client);
        if (!certificate.empty()) {
            tls.use_certificate_chain_file((folder_ / (certificate + ".pem")).string());
            tls.use_private_key_file((folder_ / (certificate + ".key")).string(), asio::ssl::context::pem);
        }
        asio::ssl::stream<asio::ip::tcp::socket> stream(context, tls);
        if (!protocol.empty()) {
            const std::string wire = std::string(1, static_cast<char>(protocol.size())) + protocol;
            SSL_set_alpn_protos(stream.native_handle(), reinterpret_cast<const unsigned char*>(wire.data()),
                                static_cast<unsigned>(wire.size()));
        }
        boost::system::error_code error;
        stream.next_layer().connect({asio::ip::address_v4::loopback(), to});
        stream.handshake(asio::ssl::stream_base::client, error);
        if (error) return {};
        asio::write(stream, asio::buffer(bytes), error);
        std::string out;
        asio::read(stream, asio::dynamic_buffer(out), error);
        return out;
    }
    static constexpr std::string_view closing = "Connection: close\r\n";

    std::filesystem::path folder_;
    std::unique_ptr<tls::Server> server_tls;
};

TEST_F(Tls, TheSameServicesAnswerOverTls) {
    start();
    const std::string answer = ask_tls(
        bound.https->port, request({.target = "/bucket/large", .service = "s3", .headers = {{"Connection", "close"}}}), "", "http/1.1");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(answer.substr(answer.size() - 1000), testing::Eq(std::string(1000, 'L')));
    EXPECT_THAT(ask_tls(bound.https->port, "GET /things HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"), StartsWith("HTTP/1.1 403"));
}

TEST_F(Tls, AnotherProtocolIsRefusedInTheHandshake) {
    start();
    EXPECT_EQ(ask_tls(bound.https->port, "GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n", "", "h2"), "");
}

TEST_F(Tls, TheDeviceListenerWantsACertificateAndNamesWhatItDoesNotDo) {
    admit("");
    start();
    const std::string get = "GET /things/lamp/jobs HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    EXPECT_EQ(ask_tls(bound.device_https->port, get), "");
    const std::string jobs = ask_tls(bound.device_https->port, get, "device");
    EXPECT_THAT(jobs, StartsWith("HTTP/1.1 501"));
    EXPECT_THAT(jobs, HasSubstr("GetPendingJobExecutions"));
    EXPECT_THAT(ask_tls(bound.https->port, get, "device", "x-amzn-http-ca"), HasSubstr("GetPendingJobExecutions"));
    // Without that protocol it is everybody's door, where one signs.
    EXPECT_THAT(ask_tls(bound.https->port, get, "device"), StartsWith("HTTP/1.1 403"));
}

TEST_F(Tls, ADeviceThatIsNotAcceptedIsTold) {
    options.admit_device = [](const std::string& id, auto&, auto&) -> Result<DeviceAdmission> {
        if (id.size() != 64) return fail(ErrorCode::unauthenticated, "No certificate.");
        return fail(ErrorCode::unauthenticated, "The certificate is INACTIVE.");
    };
    start();
    const std::string answer =
        ask_tls(bound.device_https->port, "GET /things/lamp/jobs HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "device");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 403"));
    EXPECT_THAT(answer, HasSubstr("The certificate is INACTIVE."));
}

TEST_F(Tls, EachCallOfADeviceIsJudgedByItsOwnActionAndResource) {
    admit("iot:Publish topic/a/b");
    std::string topic;
    operations.bind<api::iot_data::Publish>(
        [&](const awsapi::Caller& caller, const api::iot_data::PublishRequest& in) -> awsapi::Outcome<api::Nothing> {
            EXPECT_EQ(caller.scope.region.text(), "eu-west-1");
            topic = in.topic + "=" + in.payload.value_or("");
            return api::Nothing{};
        });
    start();
    const auto publish = [&](const std::string& target) {
        return ask_tls(bound.device_https->port,
                       "POST " + target + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi", "device");
    };
    for (const char* target : {"/topics/a/b?qos=1", "/topics/a%2Fb"}) {
        const std::string answer = publish(target);
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
        EXPECT_THAT(answer, HasSubstr("{\"message\":\"OK\",\"traceId\":\""));
        EXPECT_EQ(std::exchange(topic, ""), "a/b=hi");
    }
    for (const char* target : {"/topics/a/c", "/topics/a/b?retain=true"}) {
        const std::string answer = publish(target);
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 403")) << target;
        EXPECT_THAT(answer, HasSubstr("not allowed: iot:"));
        const auto trace = answer.find("\"traceId\":\"");
        ASSERT_NE(trace, std::string::npos);
        EXPECT_EQ(answer.find("traceId", trace + 2), std::string::npos) << answer;
    }
    EXPECT_EQ(topic, "");
    EXPECT_THAT(publish("/things/lamp/shadow"), StartsWith("HTTP/1.1 501"));
    EXPECT_THAT(publish("/buckets"), StartsWith("HTTP/1.1 404"));
}

TEST_F(Tls, ADeviceThatNobodyHadTimeToJudgeIsNotLetIn) {
    admit("");
    start();
    std::unique_lock held(gate);
    const auto block = [this] {
        ++waiting;
        const std::lock_guard lock(gate);
    };
    ASSERT_TRUE(pool.try_post(block) && pool.try_post(block));
    while (waiting < 2) std::this_thread::yield();
    ASSERT_TRUE(pool.try_post(block) && pool.try_post(block));
    const std::string answer =
        ask_tls(bound.device_https->port, "GET /things/lamp/jobs HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "device");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 503"));
    EXPECT_THAT(answer, HasSubstr("x-amzn-ErrorType: ServiceUnavailableException"));
    held.unlock();
}

}  // namespace
}  // namespace otabahn::http

// SPDX-License-Identifier: Apache-2.0
// For tests: a server on a free port with fake operations, and a peer that speaks raw HTTP to it over a real socket.
#pragma once

#include "api/iot.hpp"
#include "api/s3.hpp"
#include "http/http_server.hpp"
#include "runtime/set_clock.hpp"
#include "sigv4/amz_time.hpp"
#include "sigv4/sign.hpp"

#include <gtest/gtest.h>
#include <prometheus/registry.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <string>

namespace otabahn::http {

struct Answer {
    int status = 0;  // 0: the connection ended before an answer
    std::string head, body;

    std::string header(std::string_view name) const {
        const std::string lower_head = sigv4::to_lower(head), wanted = "\r\n" + sigv4::to_lower(name) + ": ";
        const std::size_t place = lower_head.find(wanted);
        if (place == std::string::npos) return {};
        const std::size_t from = place + wanted.size();
        return head.substr(from, head.find("\r\n", from) - from);
    }
};

// A client without manners: it sends what the test says, and waits at most ten seconds for an answer.
class Peer {
  public:
    explicit Peer(unsigned short port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        const timeval patience{10, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    }
    ~Peer() { close(); }
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;

    void close() {
        if (socket_ >= 0) ::close(socket_);
        socket_ = -1;
    }
    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }
    // One answer; `head_request`: none of its body follows.
    Answer receive(bool head_request = false) {
        Answer answer;
        std::size_t end = std::string::npos;
        while ((end = buffer_.find("\r\n\r\n")) == std::string::npos)
            if (!fill()) return answer;
        answer.head = buffer_.substr(0, end + 2);
        buffer_.erase(0, end + 4);
        answer.status = std::stoi(answer.head.substr(9, 3));
        const std::string length = answer.header("Content-Length");
        const std::size_t size = length.empty() || head_request ? 0 : std::stoul(length);
        while (buffer_.size() < size)
            if (!fill()) {
                answer.status = 0;
                return answer;
            }
        answer.body = buffer_.substr(0, size);
        buffer_.erase(0, size);
        return answer;
    }
    bool is_closed_by_peer() {
        buffer_.clear();
        return !fill();
    }

  private:
    bool fill() {
        char piece[16384];
        const ssize_t size = ::recv(socket_, piece, sizeof piece, 0);
        if (size <= 0) return false;
        buffer_.append(piece, static_cast<std::size_t>(size));
        return true;
    }
    int socket_;
    std::string buffer_;
};

// An S3 that keeps one object in memory and knows how uploads ended.
struct FakeObject {
    std::mutex mutex;
    std::string bytes;  // of the last finished upload
    api::s3::PutObjectRequest request;
    std::atomic<int> begun = 0, finished = 0, gone = 0;
};

class FakeUpload final : public awsapi::Upload<api::s3::PutObjectOutput> {
  public:
    explicit FakeUpload(FakeObject& object) : object_(object) { ++object_.begun; }
    ~FakeUpload() override { ++object_.gone; }
    awsapi::Outcome<void> write(ByteView bytes) override {
        if (bytes.size() > 1024 * 1024) return awsapi::service_fail("InternalError", 500, "A piece is larger than 1 MiB.");
        bytes_.append(as_text(bytes));
        if (bytes_.ends_with("disk full")) return awsapi::service_fail("InternalError", 500, "No space left.");
        return {};
    }
    awsapi::Outcome<api::s3::PutObjectOutput> finish() override {
        const std::lock_guard lock(object_.mutex);
        object_.bytes = bytes_;
        ++object_.finished;
        api::s3::PutObjectOutput out;
        out.etag = "\"etag\"";
        return out;
    }

  private:
    FakeObject& object_;
    std::string bytes_;
};

class TextSource final : public awsapi::BodySource {
  public:
    TextSource(std::string text, std::uint64_t promised) : text_(std::move(text)), promised_(promised) {}
    std::uint64_t size() const override { return promised_; }
    Result<std::size_t> read(std::span<std::uint8_t> out) override {
        const std::size_t size = std::min(out.size(), text_.size() - place_);
        std::copy_n(text_.data() + place_, size, out.data());
        place_ += size;
        return size;
    }

  private:
    std::string text_;
    std::uint64_t promised_;
    std::size_t place_ = 0;
};

class Loopback : public testing::Test {
  protected:
    static constexpr std::string_view key_id = "AKIAIOSFODNN7EXAMPLE";
    const sigv4::Credentials key{std::string(key_id), "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""};

    Loopback() {
        operations.bind<api::iot::ListThings>(
            [this](const awsapi::Caller& caller, const api::iot::ListThingsRequest& in) -> awsapi::Outcome<api::iot::ListThingsResponse> {
                if (in.attribute_name == "throw") throw std::runtime_error("a bug");
                if (in.attribute_name == "block") {
                    ++waiting;
                    const std::lock_guard lock(gate);
                }
                api::iot::ListThingsResponse out;
                out.next_token = caller.scope.arn("iot", "caller");
                return out;
            });
        operations.bind<api::iot::CreateThing>(
            [](const awsapi::Caller&, const api::iot::CreateThingRequest& in) -> awsapi::Outcome<api::iot::CreateThingResponse> {
                api::iot::CreateThingResponse out;
                out.thing_name = in.thing_name;
                return out;
            });
        operations.bind_upload<api::s3::PutObject>(
            [this](const awsapi::Caller&,
                   const api::s3::PutObjectRequest& in) -> awsapi::Outcome<std::unique_ptr<awsapi::Upload<api::s3::PutObjectOutput>>> {
                if (in.bucket == "missing")
                    return awsapi::service_fail("NoSuchBucket", 404, "The specified bucket does not exist", {{"BucketName", in.bucket}});
                object.request = in;
                return std::unique_ptr<awsapi::Upload<api::s3::PutObjectOutput>>(std::make_unique<FakeUpload>(object));
            });
        operations.bind_download<api::s3::GetObject>(
            [](const awsapi::Caller&, const api::s3::GetObjectRequest& in) -> awsapi::Outcome<awsapi::Download<api::s3::GetObjectOutput>> {
                if (in.key == "missing")
                    return awsapi::service_fail("NoSuchKey", 404, "The specified key does not exist.", {{"Key", in.key}});
                awsapi::Download<api::s3::GetObjectOutput> out;
                const std::string text = in.key == "large" ? std::string(3'000'000, 'L') : in.bucket + " " + in.key;
                out.body = std::make_unique<TextSource>(text, text.size() + (in.key == "short" ? 10 : 0));
                return out;
            });
        operations.bind<api::s3::HeadObject>(
            [](const awsapi::Caller&, const api::s3::HeadObjectRequest& in) -> awsapi::Outcome<api::s3::HeadObjectOutput> {
                if (in.key == "missing") return awsapi::service_fail("404", 404, "Not Found");
                api::s3::HeadObjectOutput out;
                out.content_length = 12345;
                out.etag = "\"e\"";
                return out;
            });
        options.http.port = 0;
        options.threads = 1;
        options.stop_timeout = std::chrono::milliseconds(5000);
    }
    ~Loopback() override { stop(); }

    void start() {
        server = std::make_unique<HttpServer>(
            options, pool,
            [this](std::string_view id) -> Result<std::optional<access::AccessKey>> {
                if (id == "AKIABROKEN0000000000") return fail(ErrorCode::unavailable, "The database is away.");
                if (id != key_id && id != "AKIAINACTIVE00000000") return std::optional<access::AccessKey>();
                access::AccessKey found{
                    std::string(id), key.secret, AccountId::trusted("123456789012"), "arn:aws:iam::123456789012:root", "123456789012", true,
                    id == key_id};
                return std::optional(std::move(found));
            },
            operations, clock, metrics, [] { return std::string(R"({"account":"123456789012"})"); });
        auto started = server->start();
        ASSERT_TRUE(started) << started.error().message;
        bound = *started;
        port = bound.http.port;
    }
    void stop() {
        if (server) server->stop();
    }

    // A signed request as bytes; `extra` headers are signed too.
    struct Spec {
        std::string method = "GET", target = "/things", service = "iot", body = "", region = "eu-west-1";
        std::vector<sigv4::Header> headers{};
        std::string payload_hash = "";  // empty: the body's hash
        std::string host = "localhost";
        bool send_length = true;
    };
    std::string head_of(const Spec& spec, const sigv4::Credentials& credentials) const {
        sigv4::SignInput input{spec.method,
                               spec.target,
                               spec.headers,
                               spec.payload_hash.empty() ? sigv4::sha256_hex(spec.body) : spec.payload_hash,
                               spec.region,
                               spec.service,
                               signed_at.value_or(clock.now())};
        input.headers.insert(input.headers.begin(), {"Host", spec.host});
        std::string out = spec.method + " " + spec.target + " HTTP/1.1\r\n";
        for (const auto& header : input.headers) out += header.name + ": " + header.value + "\r\n";
        for (const auto& header : sigv4::sign_headers(credentials, input)) out += header.name + ": " + header.value + "\r\n";
        if (spec.send_length && (!spec.body.empty() || spec.method == "PUT" || spec.method == "POST"))
            out += "Content-Length: " + std::to_string(spec.body.size()) + "\r\n";
        return out + "\r\n";
    }
    // The upgrade of RFC 6455, 1.2, to MQTT, signed for `signed_host`.
    std::string upgrade(const std::string& protocol = "mqtt", const std::string& service = "iotdevicegateway",
                        const std::string& signed_host = "localhost", const std::string& host = "localhost") const {
        std::string bytes = head_of({.target = "/mqtt", .service = service, .host = signed_host}, key);
        bytes.replace(bytes.find("Host: ") + 6, signed_host.size(), host);
        return bytes.insert(bytes.size() - 2,
                            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
                            "dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: " +
                                protocol + "\r\n");
    }
    std::string request(const Spec& spec) const { return head_of(spec, key) + spec.body; }
    Answer ask(const std::string& bytes, bool head_request = false) const {
        Peer peer(port);
        peer.send(bytes);
        return peer.receive(head_request);
    }

    runtime::SetClock clock{sigv4::parse_amz_time("20250628T120000Z").value()};
    std::optional<Timestamp> signed_at;  // when it is not the server's time
    awsapi::Operations operations;
    FakeObject object;
    std::mutex gate;
    std::atomic<int> waiting = 0;
    runtime::BlockingPool pool{"test", 2, 2};
    std::shared_ptr<prometheus::Registry> metrics = std::make_shared<prometheus::Registry>();
    HttpOptions options;
    std::unique_ptr<HttpServer> server;
    BoundEndpoints bound;
    unsigned short port = 0;
};

}  // namespace otabahn::http

// SPDX-License-Identifier: Apache-2.0
// What the gateway's tests over real sockets share: a gateway on a free port with registry, streams and services of their own,
// and a client that speaks MQTT through OpenSSL, blocking, ten seconds at most for an answer.
#pragma once

#include "bus/bus.hpp"
#include "gateway/gateway.hpp"
#include "gateway/sql.hpp"
#include "mqtt/decode.hpp"
#include "mqtt/encode.hpp"
#include "retained/sql.hpp"
#include "store/store.hpp"
#include "x509/x509.hpp"

#include <prometheus/registry.h>

#include <openssl/ssl.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

namespace otabahn::gateway::loopback {

inline const Scope scope{AccountId::trusted("000000000000"), Region::trusted("us-east-1")};

inline x509::Certificate issue(const x509::PrivateKey& key, const std::string& name) {
    x509::IssueRequest request;
    request.public_key_pem = key.public_key_pem();
    request.subject.common_name = name;
    request.not_before = from_millis(1'600'000'000'000);
    request.not_after = from_millis(2'500'000'000'000);
    request.dns_names = {"localhost"};
    request.client_auth = request.server_auth = true;
    auto issued = x509::issue(request, key, nullptr);
    if (!issued) throw std::runtime_error(issued.error().message);
    return std::move(*issued);
}

struct Credentials {
    x509::PrivateKey key = *x509::PrivateKey::generate(x509::KeyAlgorithm::ec_p256);
    x509::Certificate certificate = issue(key, "device");
    std::string id() const { return certificate.id(); }
};

inline constexpr const char* allow_all = R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*","Resource":"*"}]})";

class Identities final : public IdentitySource {
  public:
    void add(const Credentials& credentials, std::string policy = allow_all, std::vector<std::string> things = {}) {
        const std::lock_guard lock(mutex_);
        identities_.insert_or_assign(credentials.id(), registry::DeviceIdentity{scope,
                                                                                CertificateId::trusted(credentials.id()),
                                                                                "ACTIVE",
                                                                                credentials.certificate.to_pem(),
                                                                                {{"p", std::move(policy)}},
                                                                                std::move(things)});
    }
    void set_status(const Credentials& credentials, std::string status) {
        const std::lock_guard lock(mutex_);
        identities_.at(credentials.id()).status = std::move(status);
    }
    Result<registry::DeviceIdentity> load_identity(const CertificateId& certificate, const std::optional<Region>& region) override {
        const std::lock_guard lock(mutex_);
        const auto found = identities_.find(certificate.text());
        if (found == identities_.end() || (region && *region != scope.region))
            return fail(ErrorCode::not_found, "Certificate " + certificate.text() + " is not registered.");
        return found->second;
    }
    Result<std::optional<registry::ThingFacts>> load_thing(const Scope&, const ThingName& thing) override {
        return std::optional(registry::ThingFacts{thing.text(), "", {}, {}});
    }
    // Root alone; others have no policies.
    Result<access::Permissions> load_permissions(const awsapi::Caller& caller) override { return access::Permissions{caller.root, {}, {}}; }

  private:
    std::mutex mutex_;
    std::map<std::string, registry::DeviceIdentity> identities_;
};

class MemoryBlob final : public runtime::BlobReader {
  public:
    explicit MemoryBlob(std::string bytes) : bytes_(std::move(bytes)) {}
    std::uint64_t size() const override { return bytes_.size(); }
    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> out) const override {
        const std::size_t count = std::min<std::size_t>(out.size(), bytes_.size() - std::min<std::size_t>(offset, bytes_.size()));
        std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), count, out.begin());
        return count;
    }

  private:
    std::string bytes_;
};

class Files final : public StreamSource {
  public:
    std::string bytes;
    Result<std::shared_ptr<const streams::OpenStream>> load(const Scope& where, const StreamId& stream) override {
        if (stream.text() != "S") return fail(ErrorCode::not_found, "There is no stream " + stream.text() + ".");
        auto open = std::make_shared<streams::OpenStream>(streams::OpenStream{where, "S", "demo", 1, {}});
        streams::StreamFile file;
        file.size = bytes.size();
        file.blob = std::make_shared<MemoryBlob>(bytes);
        open->files.push_back(std::move(file));
        return std::shared_ptr<const streams::OpenStream>(std::move(open));
    }
};

class Answers final : public runtime::TopicService {
  public:
    std::function<runtime::TopicReplies(const runtime::TopicCall&)> answer;
    bool fits(std::string_view topic) const override { return topic.starts_with("$aws/things/T/jobs/") && !topic.ends_with("/notify"); }
    runtime::TopicReplies call(const runtime::TopicCall& call) override { return answer(call); }
};

// A folder of its own with the server's files and the store.
class Folder {
  public:
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "otabahn-gateway-XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
        path_ = name;
        const Credentials server;
        std::ofstream(path_ / "server.pem") << server.certificate.to_pem();
        std::ofstream(path_ / "server.key") << server.key.to_pem();
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    std::filesystem::path operator/(const char* name) const { return path_ / name; }

  private:
    std::filesystem::path path_;
};

// May be stopped and made again over the same folder: what is there then was stored.
class Server {
  public:
    Server(const Folder& folder, Identities& identities, Files& files, Answers& answers, std::size_t loops = 1,
           const std::function<void(Options&)>& adjust = nullptr)
        : store_(*store::open_sqlite(folder / "state.db", {{"gateway", sql::schema}, {"retained", retained::sql::schema}})),
          tls_(*tls::Server::open({(folder / "server.pem").string(), (folder / "server.key").string()})),
          gateway_(options(loops, adjust), Parts{*store_, bus, clock_, pool_, *tls_, identities, files, {&answers}, *metrics}) {
        auto started = gateway_.start();
        if (!started) throw std::runtime_error(started.error().message);
        port = started->port;
    }
    ~Server() { gateway_.stop(); }

    Gateway& gateway() { return gateway_; }

    bus::InProcessBus bus;
    std::uint16_t port = 0;
    std::shared_ptr<prometheus::Registry> metrics = std::make_shared<prometheus::Registry>();  // as prometheus-cpp wants it

  private:
    static Options options(std::size_t loops, const std::function<void(Options&)>& adjust) {
        Options out;
        out.port = 0;
        out.loops = loops;
        out.stop_deadline = std::chrono::seconds(2);
        if (adjust) adjust(out);
        return out;
    }
    runtime::SystemClock clock_;
    std::unique_ptr<runtime::Store> store_;
    runtime::BlockingPool pool_{"test", 3, 64};
    std::unique_ptr<tls::Server> tls_;
    Gateway gateway_;
};

// A peer that connects and says nothing.
class Stranger {
  public:
    explicit Stranger(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        timeval patience{10, 0};
        setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) throw std::runtime_error("connect failed");
    }
    ~Stranger() { ::close(socket_); }
    Stranger(const Stranger&) = delete;
    Stranger& operator=(const Stranger&) = delete;
    // Waits until the server closes; false: it did not.
    bool closed() {
        char byte = 0;
        return ::recv(socket_, &byte, 1, 0) == 0;
    }

  private:
    int socket_;
};

class Client {
  public:
    Client(std::uint16_t port, const Credentials& credentials, mqtt::Version version, const std::string& sni = "") : version_(version) {
        context_.reset(SSL_CTX_new(TLS_client_method()));
        SSL_CTX_use_certificate(context_.get(), credentials.certificate.native());
        SSL_CTX_use_PrivateKey(context_.get(), credentials.key.native());
        socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        timeval patience{10, 0};
        setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) throw std::runtime_error("connect failed");
        stream_.reset(SSL_new(context_.get()));
        if (!sni.empty()) SSL_set_tlsext_host_name(stream_.get(), sni.c_str());
        SSL_set_fd(stream_.get(), socket_);
        if (SSL_connect(stream_.get()) != 1) throw std::runtime_error("TLS failed");
    }
    ~Client() {
        stream_.reset();
        ::close(socket_);
    }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    void send(const std::vector<std::uint8_t>& bytes) { SSL_write(stream_.get(), bytes.data(), static_cast<int>(bytes.size())); }
    template <class F>
    void send_packet(F encode_into) {
        std::vector<std::uint8_t> bytes(encode_into(mqtt::Out{}));
        encode_into(mqtt::Out(bytes));
        send(bytes);
    }

    mqtt::Connack connect(const std::string& id, bool clean = true, std::uint32_t expiry = 0, std::uint16_t keep_alive = 60) {
        mqtt::Connect packet;
        packet.version = version_;
        packet.clean_start = clean;
        packet.client_id = id;
        packet.keep_alive = keep_alive;
        std::array<std::uint8_t, 8> buffer{};
        mqtt::PropertyBuilder builder(buffer);
        if (version_ == mqtt::Version::v5 && expiry != 0) builder.number(mqtt::PropertyId::session_expiry_interval, expiry);
        packet.properties = *mqtt::Properties::parse(builder.encoded(), mqtt::packet_bit(mqtt::PacketType::connect));
        send_packet([&](mqtt::Out out) { return mqtt::encode(packet, out); });
        const auto frame = next();
        if (!frame || frame->type != mqtt::PacketType::connack) throw std::runtime_error("no CONNACK");
        return *mqtt::decode_connack(*frame, version_);
    }
    std::uint8_t subscribe(const std::string& filter, std::uint8_t qos) {
        const mqtt::SubscribeEntry entry{filter, qos};
        send_packet([&](mqtt::Out out) { return mqtt::encode_subscribe(1, std::span(&entry, 1), {}, version_, out); });
        const auto frame = next();
        if (!frame || frame->type != mqtt::PacketType::suback) return 0xff;
        return mqtt::decode_suback(*frame, version_)->codes[0];
    }
    void publish(const std::string& topic, const std::string& payload, std::uint8_t qos, std::uint16_t id = 7) {
        mqtt::Publish packet;
        packet.topic = topic;
        packet.payload = as_bytes(payload);
        packet.qos = qos;
        packet.packet_id = id;
        send_packet([&](mqtt::Out out) { return mqtt::encode(packet, version_, out); });
    }
    void acknowledge(std::uint16_t id) {
        send_packet([&](mqtt::Out out) { return mqtt::encode_puback({id, mqtt::ReasonCode::success, {}}, version_, out); });
    }
    void ping_pong() {
        send({0xc0, 0});
        const auto frame = next();
        if (!frame || frame->type != mqtt::PacketType::pingresp) throw std::runtime_error("no PINGRESP");
    }
    struct Received {
        std::string topic, payload;
        std::uint8_t qos = 0;
        std::uint16_t packet_id = 0;
    };
    Received receive() {
        const auto frame = next();
        if (!frame || frame->type != mqtt::PacketType::publish) throw std::runtime_error("no PUBLISH");
        const auto packet = *mqtt::decode_publish(*frame, version_);
        return {std::string(packet.topic), std::string(as_text(packet.payload)), packet.qos, packet.packet_id};
    }
    mqtt::Puback puback() {
        const auto frame = next();
        if (!frame || frame->type != mqtt::PacketType::puback) throw std::runtime_error("no PUBACK");
        return *mqtt::decode_puback(*frame, version_);
    }
    mqtt::Disconnect goodbye() {
        const auto frame = next();
        if (!frame || frame->type != mqtt::PacketType::disconnect) throw std::runtime_error("no DISCONNECT");
        return *mqtt::decode_disconnect(*frame, version_);
    }
    // Nothing: the server closed.
    std::optional<mqtt::Frame> next() {
        if (taken_ != 0) {
            buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(taken_));
            taken_ = 0;
        }
        for (;;) {
            const auto scan = mqtt::scan_frame(buffer_, 1U << 28);
            if (scan.state == mqtt::FrameScan::State::complete) {
                taken_ = scan.frame.size;
                return scan.frame;
            }
            std::array<std::uint8_t, 16384> piece{};
            const int got = SSL_read(stream_.get(), piece.data(), piece.size());
            if (got <= 0) return std::nullopt;
            buffer_.insert(buffer_.end(), piece.begin(), piece.begin() + got);
        }
    }

  private:
    struct FreeContext {
        void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    };
    struct FreeStream {
        void operator()(SSL* stream) const { SSL_free(stream); }
    };
    mqtt::Version version_;
    std::unique_ptr<SSL_CTX, FreeContext> context_;
    std::unique_ptr<SSL, FreeStream> stream_;
    int socket_ = -1;
    std::vector<std::uint8_t> buffer_;
    std::size_t taken_ = 0;
};

}  // namespace otabahn::gateway::loopback

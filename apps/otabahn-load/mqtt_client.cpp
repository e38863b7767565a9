// SPDX-License-Identifier: Apache-2.0
#include "apps/otabahn-load/mqtt_client.hpp"

#include "mqtt/encode.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <toml++/toml.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <utility>

namespace otabahn::load {

namespace {

constexpr std::size_t read_room = 1 << 20, largest_packet = 512 * 1024;

std::string tls_reason() {
    std::array<char, 256> text{};
    ERR_error_string_n(ERR_get_error(), text.data(), text.size());
    return text.data();
}

}  // namespace

struct MqttClient::State {
    SSL_CTX* context = nullptr;
    SSL* tls = nullptr;
    int socket = -1;
    std::vector<std::uint8_t> in = std::vector<std::uint8_t>(read_room), out;
    std::size_t begin = 0, end = 0;
    std::uint16_t packet_id = 0;

    ~State() {
        SSL_free(tls);
        SSL_CTX_free(context);
        if (socket >= 0) ::close(socket);
    }
    ByteView waiting() const { return ByteView(in).subspan(begin, end - begin); }
};

MqttClient::MqttClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
MqttClient::MqttClient(MqttClient&&) noexcept = default;
MqttClient::~MqttClient() = default;

Result<Identity> read_bundle(const std::string& folder) {
    try {
        const auto table = toml::parse_file(folder + "/device.toml");
        const auto text = [&](const char* key) { return table[key].value_or(std::string()); };
        const auto file = [&](const char* key) { return (std::filesystem::path(folder) / text(key)).string(); };
        return Identity{text("thing_name"), text("endpoint"), file("certificate"), file("private_key"), file("root_ca")};
    } catch (const toml::parse_error& wrong) {
        return fail(ErrorCode::invalid_request, folder + "/device.toml: " + std::string(wrong.description()));
    }
}

Result<MqttClient> MqttClient::connect(const Identity& identity, const std::string& client_id) {
    auto state = std::make_unique<State>();
    state->context = SSL_CTX_new(TLS_client_method());
    if (SSL_CTX_use_certificate_chain_file(state->context, identity.certificate.c_str()) != 1 ||
        SSL_CTX_use_PrivateKey_file(state->context, identity.private_key.c_str(), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_load_verify_locations(state->context, identity.root_ca.c_str(), nullptr) != 1)
        return fail(ErrorCode::invalid_request, "Cannot use the certificates of " + identity.thing + ": " + tls_reason());
    SSL_CTX_set_verify(state->context, SSL_VERIFY_PEER, nullptr);
    // The same suite for every peer that is measured.
    SSL_CTX_set_min_proto_version(state->context, TLS1_3_VERSION);
    SSL_CTX_set_ciphersuites(state->context, "TLS_AES_128_GCM_SHA256");

    const auto colon = identity.endpoint.rfind(':');
    const auto host = identity.endpoint.substr(0, colon), port = identity.endpoint.substr(colon + 1);
    addrinfo wanted{}, *found = nullptr;
    wanted.ai_socktype = SOCK_STREAM;
    if (::getaddrinfo(host.c_str(), port.c_str(), &wanted, &found) != 0)
        return fail(ErrorCode::not_found, "Cannot find the host of " + identity.endpoint + ".");
    state->socket = ::socket(found->ai_family, SOCK_STREAM, 0);
    const int connected = ::connect(state->socket, found->ai_addr, found->ai_addrlen);
    ::freeaddrinfo(found);
    if (connected != 0) return fail(ErrorCode::unavailable, "Cannot connect to " + identity.endpoint + ": " + std::strerror(errno) + ".");
    const int on = 1;
    ::setsockopt(state->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    state->tls = SSL_new(state->context);
    SSL_set_fd(state->tls, state->socket);
    SSL_set_read_ahead(state->tls, 1);
    if (SSL_connect(state->tls) != 1) return fail(ErrorCode::unavailable, "No TLS with " + identity.endpoint + ": " + tls_reason());

    MqttClient client(std::move(state));
    mqtt::Connect packet;
    packet.client_id = client_id;
    packet.keep_alive = 600;
    client.state_->out.resize(mqtt::encode(packet, {}));
    mqtt::encode(packet, client.state_->out);
    if (auto sent = client.flush(); !sent) return Unexpected(sent.error());
    auto answer = client.read();
    if (!answer) return Unexpected(answer.error());
    const auto connack = mqtt::decode_connack(*answer, mqtt::Version::v3_1_1);
    if (!connack || connack->code != 0)
        return fail(ErrorCode::access_denied, identity.endpoint + " did not let client " + client_id + " in.");
    return client;
}

Result<void> MqttClient::subscribe(std::string_view filter) {
    const std::array entries{mqtt::SubscribeEntry{.filter = filter}};
    auto& out = state_->out;
    const auto id = ++state_->packet_id;
    const auto before = out.size();
    out.resize(before + mqtt::encode_subscribe(id, entries, {}, mqtt::Version::v3_1_1, {}));
    mqtt::encode_subscribe(id, entries, {}, mqtt::Version::v3_1_1, std::span(out).subspan(before));
    if (auto sent = flush(); !sent) return sent;
    for (;;) {
        auto frame = read();
        if (!frame) return Unexpected(frame.error());
        if (frame->type != mqtt::PacketType::suback) continue;
        const auto suback = mqtt::decode_suback(*frame, mqtt::Version::v3_1_1);
        if (!suback || suback->codes.empty() || suback->codes[0] > 2)
            return fail(ErrorCode::access_denied, "The subscription to " + std::string(filter) + " was refused.");
        return {};
    }
}

Result<void> MqttClient::publish(std::string_view topic, ByteView payload) {
    mqtt::Publish packet;
    packet.topic = topic;
    packet.payload = payload;
    auto& out = state_->out;
    const auto before = out.size();
    const auto size = mqtt::encode(packet, mqtt::Version::v3_1_1, {});
    out.resize(before + size);
    mqtt::encode(packet, mqtt::Version::v3_1_1, std::span(out).subspan(before));
    return out.size() > 64 * 1024 ? flush() : Result<void>();
}

Result<void> MqttClient::flush() {
    std::size_t written = 0;
    while (written < state_->out.size()) {
        const int count = SSL_write(state_->tls, state_->out.data() + written, static_cast<int>(state_->out.size() - written));
        if (count <= 0) return fail(ErrorCode::unavailable, "The connection broke while writing.");
        written += static_cast<std::size_t>(count);
    }
    state_->out.clear();
    return {};
}

bool MqttClient::has_packet() const {
    return mqtt::scan_frame(state_->waiting(), largest_packet).state == mqtt::FrameScan::State::complete;
}

Result<mqtt::Frame> MqttClient::read() {
    for (;;) {
        const auto scan = mqtt::scan_frame(state_->waiting(), largest_packet);
        if (scan.state == mqtt::FrameScan::State::failed) return fail(ErrorCode::invalid_request, "What came is no MQTT.");
        if (scan.state == mqtt::FrameScan::State::complete) {
            state_->begin += scan.frame.size;
            return scan.frame;
        }
        auto& in = state_->in;
        if (in.size() - state_->begin < largest_packet) {
            std::memmove(in.data(), in.data() + state_->begin, state_->end - state_->begin);
            state_->end -= std::exchange(state_->begin, 0);
        }
        const int count = SSL_read(state_->tls, in.data() + state_->end, static_cast<int>(in.size() - state_->end));
        if (count <= 0) return fail(ErrorCode::unavailable, "The connection was closed.");
        state_->end += static_cast<std::size_t>(count);
    }
}

void MqttClient::shut_down() { ::shutdown(state_->socket, SHUT_RDWR); }

}  // namespace otabahn::load

// SPDX-License-Identifier: Apache-2.0
// MQTT as WebSocket carries it, over a socket that a door has handed to the gateway.
#include "gateway/loopback_test.hpp"
#include "websocket/frame.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace otabahn::gateway {
namespace {

using namespace loopback;
using testing::HasSubstr;
using websocket::Opcode;

// The other end of what is handed over; masks, and reads frame by frame.
class WebClient {
  public:
    explicit WebClient(Server& server, std::string received = "", bool root = true) {
        std::array<int, 2> ends{};
        if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) != 0) throw std::runtime_error("no socket pair");
        socket_ = ends[0];
        const timeval patience{10, 0};
        setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        server.gateway().take({{tls::Descriptor(ends[1]), tls::Stream(ends[1]), "10.1.2.3"},
                               Via::websocket,
                               std::make_shared<const awsapi::Caller>(
                                   awsapi::Caller{scope, "arn:aws:iam::000000000000:root", "0", "AKIA", "10.1.2.3", "h", root}),
                               std::move(received)});
    }
    ~WebClient() { ::close(socket_); }
    WebClient(const WebClient&) = delete;
    WebClient& operator=(const WebClient&) = delete;

    static std::string frame(Opcode opcode, std::string payload, bool final = true) {
        std::string out(as_text(websocket::make_head(opcode, payload.size()).view()));
        if (!final) out[0] = static_cast<char>(out[0] & 0x7f);
        out[1] = static_cast<char>(out[1] | 0x80);
        const std::string mask = "\x01\x7f\x33\xc4";
        for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<char>(payload[i] ^ mask[i % 4]);
        return out + mask + payload;
    }
    void send(const std::string& bytes) {
        ASSERT_EQ(::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
    }
    void send(Opcode opcode, const std::string& payload, bool final = true) { send(frame(opcode, payload, final)); }

    struct Frame {
        int opcode = -1;  // -1: closed
        std::string payload;
    };
    Frame next() {
        const std::string head = exactly(2);
        if (head.empty()) return {};
        EXPECT_EQ(head[1] & 0x80, 0) << "a server masks nothing";
        std::size_t size = head[1] & 0x7f;
        if (size > 125) {
            const std::string length = exactly(size == 126 ? 2 : 8);
            size = 0;
            for (const char byte : length) size = size << 8 | static_cast<unsigned char>(byte);
        }
        return {head[0] & 0x0f, exactly(size)};
    }
    bool closed() { return exactly(1).empty(); }

  private:
    std::string exactly(std::size_t size) {
        std::string out(size, '\0');
        for (std::size_t have = 0; have < size;) {
            const ssize_t got = ::recv(socket_, out.data() + have, size - have, 0);
            if (got <= 0) return {};
            have += static_cast<std::size_t>(got);
        }
        return out;
    }
    int socket_ = -1;
};

std::string connect_packet(const std::string& id) {
    mqtt::Connect packet;
    packet.version = mqtt::Version::v3_1_1;
    packet.client_id = id;
    packet.clean_start = true;
    packet.keep_alive = 60;
    std::string out(mqtt::encode(packet, mqtt::Out{}), '\0');
    mqtt::encode(packet, mqtt::Out(reinterpret_cast<std::uint8_t*>(out.data()), out.size()));
    return out;
}
std::string publish_packet(const std::string& topic, const std::string& payload) {
    mqtt::Publish packet;
    packet.topic = topic;
    packet.payload = as_bytes(payload);
    std::string out(mqtt::encode(packet, mqtt::Version::v3_1_1, mqtt::Out{}), '\0');
    mqtt::encode(packet, mqtt::Version::v3_1_1, mqtt::Out(reinterpret_cast<std::uint8_t*>(out.data()), out.size()));
    return out;
}
const std::string connack("\x20\x02\x00\x00", 4), subscribe("\x82\x08\x00\x01\x00\x03t/#\x00", 10), suback("\x90\x03\x00\x01\x00", 5);

class WebSocket : public testing::Test {
  protected:
    Folder folder;
    Identities identities;
    Files files;
    Answers answers;
    Server server{folder, identities, files, answers, 2};
};

TEST_F(WebSocket, CarriesAConversationHoweverItsPacketsAreFramed) {
    const std::string hello = connect_packet("web");
    WebClient client(server, WebClient::frame(Opcode::binary, hello.substr(0, 5), false));  // read by the door already
    client.send(Opcode::ping, "hi");
    client.send(Opcode::continuation, hello.substr(5));
    WebClient::Frame frame = client.next();
    EXPECT_EQ(frame.opcode, 10);
    EXPECT_EQ(frame.payload, "hi");
    frame = client.next();
    EXPECT_EQ(frame.opcode, 2);
    EXPECT_EQ(frame.payload, connack);
    client.send(Opcode::binary, subscribe);
    EXPECT_EQ(client.next().payload, suback);
    for (const std::size_t size : {10, 200, 70'000}) {
        const std::string packet = publish_packet("t/x", std::string(size, 'p'));
        client.send(Opcode::binary, packet);
        std::string got;
        while (got.size() < packet.size()) {
            frame = client.next();
            ASSERT_EQ(frame.opcode, 2);
            got += frame.payload;
        }
        EXPECT_EQ(got, packet);
    }
    client.send(Opcode::close, "\x03\xe8");
    frame = client.next();
    EXPECT_EQ(frame.opcode, 8);
    EXPECT_EQ(frame.payload, "\x03\xe8");
    EXPECT_TRUE(client.closed());
}

TEST_F(WebSocket, APingIsAnsweredAtOnceAndDataThatWaitsIsNotHeldUp) {
    WebClient client(server);
    client.send(Opcode::binary, connect_packet("pinger"));
    EXPECT_EQ(client.next().payload, connack);
    client.send(WebClient::frame(Opcode::ping, "1") + WebClient::frame(Opcode::ping, "2") +
                WebClient::frame(Opcode::binary, std::string("\xc0\0", 2)));
    // Of pings that come together the last is answered.
    EXPECT_EQ(client.next().payload, "2");
    EXPECT_EQ(client.next().payload, std::string("\xd0\0", 2));
}

TEST_F(WebSocket, ABrokenFrameEndsItWithItsReason) {
    WebClient client(server);
    client.send(Opcode::binary, connect_packet("broken"));
    EXPECT_EQ(client.next().payload, connack);
    client.send(Opcode::text, "hello?");
    const auto frame = client.next();
    EXPECT_EQ(frame.opcode, 8);
    EXPECT_EQ(frame.payload.substr(0, 2), "\x03\xeb");
    EXPECT_THAT(frame.payload, HasSubstr("binary frames"));
    EXPECT_TRUE(client.closed());
}

TEST_F(WebSocket, ADisconnectIsFollowedByACloseFrame) {
    WebClient client(server);
    client.send(Opcode::binary, connect_packet("leaver") + std::string("\xe0\0", 2));
    EXPECT_EQ(client.next().payload, connack);
    EXPECT_EQ(client.next().opcode, 8);
    EXPECT_TRUE(client.closed());
}

TEST_F(WebSocket, WhoeverIsNotAllowedByIamIsRefused) {
    WebClient client(server, "", false);
    client.send(Opcode::binary, connect_packet("stranger"));
    EXPECT_EQ(client.next().payload, std::string("\x20\x02\x00\x05", 4));
    EXPECT_EQ(client.next().opcode, 8);
    EXPECT_TRUE(client.closed());
}

TEST_F(WebSocket, MeetsThoseWhoComeByTls) {
    const Credentials credentials;
    identities.add(credentials);
    Client device(server.port, credentials, mqtt::Version::v3_1_1);
    device.connect("device");
    device.subscribe("t/#", 0);
    WebClient client(server);
    client.send(Opcode::binary, connect_packet("browser") + publish_packet("t/1", "from the web"));
    EXPECT_EQ(device.receive().payload, "from the web");
}

TEST(WebSocketLimit, NoMoreAreTakenThanMayBeOpen) {
    Folder folder;
    Identities identities;
    Files files;
    Answers answers;
    Server server(folder, identities, files, answers, 1, [](Options& options) { options.max_connections = 1; });
    WebClient first(server);
    first.send(Opcode::binary, connect_packet("first"));
    EXPECT_EQ(first.next().payload, connack);
    WebClient second(server);
    EXPECT_TRUE(second.closed());
}

}  // namespace
}  // namespace otabahn::gateway

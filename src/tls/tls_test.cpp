// SPDX-License-Identifier: Apache-2.0
// The listeners' TLS against OpenSSL's own client over a pair of sockets: what is agreed on, what is refused, what a new certificate
// changes.
#include "tls/server.hpp"
#include "tls/server_name.hpp"
#include "tls/stream.hpp"
#include "x509/x509.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>

namespace otabahn::tls {
namespace {

using testing::HasSubstr;

struct Pair {
    x509::PrivateKey key;
    x509::Certificate certificate;
};

Pair make_pair(const std::string& name) {
    auto key = x509::PrivateKey::generate(x509::KeyAlgorithm::ec_p256).value();
    x509::IssueRequest request;
    request.subject.common_name = name;
    request.not_before = from_millis(1'600'000'000'000);
    request.not_after = from_millis(2'500'000'000'000);
    request.dns_names = {"gateway.example", "localhost"};
    auto certificate = x509::issue(request, key, nullptr).value();
    return {std::move(key), std::move(certificate)};
}

class Tls : public testing::Test {
  protected:
    void SetUp() override {
        folder_ = std::filesystem::path(testing::TempDir()) / ("tls-" + std::to_string(::getpid()));
        std::filesystem::create_directories(folder_);
        files_ = {folder_ / "server.pem", folder_ / "server.key"};
        write(make_pair("first"));
        server_ = Server::open(files_).value();
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }
    void write(const Pair& pair) {
        std::ofstream(files_.certificate) << pair.certificate.to_pem();
        std::ofstream(files_.key) << pair.key.to_pem();
    }

    std::filesystem::path folder_;
    Files files_;
    std::unique_ptr<Server> server_;
};

struct Asked {
    bool certificate = true;
    std::string sni = "localhost";
    std::string alpn;  // one protocol
    int version = 0;   // 0: any
};

// Both ends of one connection in one thread: each is driven until it waits for the other.
class Talk {
  public:
    Talk(const Context& context, const Asked& asked) : context_(SSL_CTX_new(TLS_client_method())) {
        ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sockets_.data());
        static const Pair device = make_pair("device");
        if (asked.certificate) {
            SSL_CTX_use_certificate(context_, device.certificate.native());
            SSL_CTX_use_PrivateKey(context_, device.key.native());
        }
        device_id_ = device.certificate.id();
        if (asked.version != 0) SSL_CTX_set_max_proto_version(context_, asked.version);
        client = SSL_new(context_);
        SSL_set_fd(client, sockets_[1]);
        SSL_set_connect_state(client);
        if (!asked.sni.empty()) SSL_set_tlsext_host_name(client, asked.sni.c_str());
        if (!asked.alpn.empty()) {
            const std::string wire = std::string(1, static_cast<char>(asked.alpn.size())) + asked.alpn;
            SSL_set_alpn_protos(client, reinterpret_cast<const unsigned char*>(wire.data()), static_cast<unsigned>(wire.size()));
        }
        server.emplace(context, sockets_[0]);
        for (int step = 0; step < 20; ++step) {
            SSL_do_handshake(client);
            state = server->handshake();
            if (state != Stream::State::want_read && state != Stream::State::want_write) break;
        }
        SSL_do_handshake(client);
    }
    ~Talk() {
        server.reset();
        SSL_free(client);
        SSL_CTX_free(context_);
        for (const int socket : sockets_) ::close(socket);
    }
    Talk(const Talk&) = delete;
    Talk& operator=(const Talk&) = delete;

    std::string server_name_of_certificate() const { return x509::Certificate::share(SSL_get0_peer_certificate(client)).subject(); }
    std::string device_id() const { return device_id_; }

    SSL* client = nullptr;
    std::optional<Stream> server;
    Stream::State state = Stream::State::failed;

  private:
    SSL_CTX* context_;
    std::array<int, 2> sockets_{};
    std::string device_id_;
};

TEST_F(Tls, ADeviceOnTheMqttListenerShowsItsCertificate) {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        const Talk talk(server_->context(Entrance::mqtt), {.version = version});
        ASSERT_EQ(talk.state, Stream::State::done) << talk.server->failure();
        EXPECT_EQ(SSL_version(talk.client), version);
        EXPECT_EQ(talk.server->certificate_id(), talk.device_id());
        EXPECT_EQ(talk.server->server_name(), "localhost");
        EXPECT_EQ(talk.server->protocol(), "");
        EXPECT_EQ(SSL_SESSION_has_ticket(SSL_get_session(talk.client)), 0);
    }
}

TEST_F(Tls, AConnectionThatForgotItsHandshakeStillCarriesBytesChangesKeysAndEnds) {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        Talk talk(server_->context(Entrance::mqtt), {.version = version});
        ASSERT_EQ(talk.state, Stream::State::done) << talk.server->failure();
        talk.server->forget_handshake();
        EXPECT_EQ(talk.server->certificate_id().empty(), version == TLS1_3_VERSION);
        std::vector<std::uint8_t> sent(20'000, 0x5a), got(40'000);
        for (int turn = 0; turn < 3; ++turn) {
            // The second turn asks the server for new keys, the third goes by them.
            if (turn == 1 && version == TLS1_3_VERSION) {
                ASSERT_EQ(SSL_key_update(talk.client, SSL_KEY_UPDATE_REQUESTED), 1);
            }
            ASSERT_EQ(SSL_write(talk.client, sent.data(), 20'000), 20'000);
            std::size_t came = 0;
            for (auto moved = talk.server->read(got); moved.state == Stream::State::done;
                 moved = talk.server->read(std::span(got).subspan(came)))
                came += moved.bytes;
            EXPECT_EQ(came, sent.size()) << talk.server->failure();
            EXPECT_EQ(talk.server->write(sent).bytes, 16'384U);
            EXPECT_EQ(SSL_read(talk.client, got.data(), 16'384), 16'384) << "version " << version << ", turn " << turn;
        }
        SSL_shutdown(talk.client);
        EXPECT_EQ(talk.server->read(got).state, Stream::State::closed);
        talk.server->close_notify();
        EXPECT_EQ(SSL_read(talk.client, got.data(), 1), 0);
        EXPECT_EQ(SSL_get_error(talk.client, 0), SSL_ERROR_ZERO_RETURN);
    }
}

TEST_F(Tls, AfterAForgottenHandshakeGarbageEndsTheConnectionAndNothingElse) {
    Talk talk(server_->context(Entrance::mqtt), {.version = TLS1_3_VERSION});
    ASSERT_EQ(talk.state, Stream::State::done);
    talk.server->forget_handshake();
    const std::array<std::uint8_t, 22> garbage{0x17, 3, 3, 0, 17};
    ASSERT_EQ(::write(SSL_get_fd(talk.client), garbage.data(), garbage.size()), static_cast<ssize_t>(garbage.size()));
    std::array<std::uint8_t, 64> got{};
    EXPECT_EQ(talk.server->read(got).state, Stream::State::failed);
    EXPECT_THAT(talk.server->failure(), HasSubstr("bad record mac"));
}

TEST_F(Tls, AClientOlderThanTls12OrWithoutACertificateIsRefused) {
    EXPECT_EQ(Talk(server_->context(Entrance::mqtt), {.version = TLS1_1_VERSION}).state, Stream::State::failed);
    EXPECT_EQ(Talk(server_->context(Entrance::mqtt), {.certificate = false}).state, Stream::State::failed);
    EXPECT_EQ(Talk(server_->context(Entrance::device_https), {.certificate = false}).state, Stream::State::failed);
}

TEST_F(Tls, AHostNameThatIsNotTheServersIsRefusedAndTheReasonNamesIt) {
    for (const Entrance entrance : {Entrance::mqtt, Entrance::https, Entrance::device_https}) {
        const Talk talk(server_->context(entrance), {.sni = "elsewhere.example"});
        EXPECT_EQ(talk.state, Stream::State::failed);
        EXPECT_THAT(talk.server->failure(), HasSubstr("SNI_MISUSED: the client asks for the host elsewhere.example"));
    }
}

TEST_F(Tls, NoHostNameIsAccepted) {
    EXPECT_EQ(Talk(server_->context(Entrance::mqtt), {.sni = ""}).state, Stream::State::done);
    EXPECT_EQ(Talk(server_->context(Entrance::https), {.sni = ""}).state, Stream::State::done);
}

TEST_F(Tls, OnTheHttpsListenerAlpnSaysWhoShowsACertificate) {
    const Context https = server_->context(Entrance::https);
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        const Talk plain(https, {.version = version});
        EXPECT_EQ(plain.state, Stream::State::done);
        EXPECT_EQ(plain.server->certificate_id(), "") << "a browser would ask its user for one";
        for (const std::string_view protocol : {alpn_mqtt, alpn_device_http}) {
            const Talk device(https, {.alpn = std::string(protocol), .version = version});
            ASSERT_EQ(device.state, Stream::State::done) << device.server->failure();
            EXPECT_EQ(device.server->protocol(), protocol);
            EXPECT_EQ(device.server->certificate_id(), device.device_id());
            EXPECT_EQ(Talk(https, {.certificate = false, .alpn = std::string(protocol), .version = version}).state, Stream::State::failed);
        }
    }
    EXPECT_EQ(Talk(https, {.alpn = "http/1.1"}).server->protocol(), "http/1.1");
}

TEST_F(Tls, AProtocolThatNobodySpeaksIsRefusedWhereAlpnDecides) {
    EXPECT_EQ(Talk(server_->context(Entrance::https), {.alpn = "h2"}).state, Stream::State::failed);
    EXPECT_EQ(Talk(server_->context(Entrance::https), {.alpn = "mqtt"}).state, Stream::State::failed)
        << "custom authorizers are not served";
    EXPECT_EQ(Talk(server_->context(Entrance::device_https), {.alpn = "x-amzn-mqtt-ca"}).state, Stream::State::failed);
    EXPECT_EQ(Talk(server_->context(Entrance::mqtt), {.alpn = "mqtt"}).state, Stream::State::done);
}

TEST_F(Tls, ANewCertificateIsShownToNewHandshakesAndOpenConnectionsStay) {
    Talk open(server_->context(Entrance::mqtt), {});
    write(make_pair("second"));
    ASSERT_TRUE(server_->reload());
    EXPECT_EQ(Talk(server_->context(Entrance::mqtt), {}).server_name_of_certificate(), "CN=second");
    EXPECT_EQ(Talk(server_->context(Entrance::https), {}).server_name_of_certificate(), "CN=second");
    EXPECT_EQ(open.server_name_of_certificate(), "CN=first");
    const std::string text = "still here";
    ASSERT_EQ(open.server->write(as_bytes(text)).bytes, text.size());
    std::array<char, 32> got{};
    ASSERT_EQ(SSL_read(open.client, got.data(), got.size()), static_cast<int>(text.size()));
}

TEST_F(Tls, FilesThatDoNotFitAreRefusedByNameAndChangeNothing) {
    std::ofstream(files_.key) << make_pair("other").key.to_pem();
    const auto wrong_key = server_->reload();
    ASSERT_FALSE(wrong_key);
    EXPECT_THAT(wrong_key.error().message, HasSubstr("server.key as its key"));
    std::ofstream(files_.certificate) << "no PEM";
    const auto no_certificate = server_->reload();
    ASSERT_FALSE(no_certificate);
    EXPECT_THAT(no_certificate.error().message, HasSubstr("server.pem as its certificate"));
    EXPECT_EQ(Talk(server_->context(Entrance::mqtt), {}).server_name_of_certificate(), "CN=first");
    EXPECT_FALSE(Server::open({folder_ / "missing.pem", files_.key}));
}

TEST_F(Tls, TwoPiecesGoOutInOneRecordAndAPlainStreamCarriesTheSame) {
    Talk talk(server_->context(Entrance::mqtt), {});
    const std::string head = "head ", body = "and body";
    EXPECT_EQ(talk.server->write(as_bytes(head), as_bytes(body)).bytes, head.size() + body.size());
    std::array<char, 32> got{};
    EXPECT_EQ(SSL_read(talk.client, got.data(), got.size()), 13) << "SSL_read gives one record at a time";

    std::array<int, 2> sockets{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sockets.data()), 0);
    Stream plain(sockets[0]), other(sockets[1]);
    EXPECT_EQ(plain.handshake(), Stream::State::done);
    EXPECT_EQ(plain.write(as_bytes(head), as_bytes(body)).bytes, 13U);
    std::array<std::uint8_t, 32> bytes{};
    EXPECT_EQ(other.read(bytes).bytes, 13U);
    EXPECT_EQ(other.read(bytes).state, Stream::State::want_read);
    ::close(sockets[0]);
    EXPECT_EQ(other.read(bytes).state, Stream::State::closed);
    ::close(sockets[1]);
}

TEST(ServerName, TellsTheServersOwnNamesFromOthers) {
    const Pair pair = make_pair("names");
    X509* certificate = pair.certificate.native();
    for (const char* known : {"gateway.example", "localhost", "bucket.localhost", "LOCALHOST", "a.b.gateway.example", "10.0.2.2", "::1",
                              "abc-ats.iot.us-east-1.amazonaws.com", "data.iot.cn-north-1.amazonaws.com.cn"})
        EXPECT_TRUE(is_known_name(certificate, known)) << known;
    for (const char* unknown : {"example", "evil-gateway.example", "gateway.example.com", "amazonaws.com.evil.example", "names"})
        EXPECT_FALSE(is_known_name(certificate, unknown)) << unknown;
}

TEST(ServerName, NamesARegionOnlyInAwssForm) {
    EXPECT_EQ(region_of_host("abc-ats.iot.eu-west-1.amazonaws.com")->text(), "eu-west-1");
    EXPECT_EQ(region_of_host("abc.iot.cn-north-1.amazonaws.com.cn")->text(), "cn-north-1");
    for (const char* none : {"localhost", "iot.eu-west-1.amazonaws.com.evil", "s3.eu-west-1.amazonaws.com", "amazonaws.com", ""})
        EXPECT_FALSE(region_of_host(none)) << none;
}

}  // namespace
}  // namespace otabahn::tls

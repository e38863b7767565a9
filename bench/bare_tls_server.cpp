// SPDX-License-Identifier: Apache-2.0
// The least that a TLS server can do, on one thread: the peer that says how much of a figure is OpenSSL and the kernel.
//   bare_tls_server accept PORT CERTIFICATE KEY CLIENT_CA   mutual TLS; answers the first bytes with a CONNACK, then keeps quiet
//   bare_tls_server write PORT CERTIFICATE KEY SIZE         writes SIZE bytes at a time to everybody, as fast as they read
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

namespace {

struct Peer {
    SSL* tls = nullptr;
    int socket = -1;
    bool open = false;
};

[[noreturn]] void give_up(const char* what) {
    std::fprintf(stderr, "bare_tls_server: %s: %s\n", what, std::strerror(errno));
    ERR_print_errors_fp(stderr);
    std::exit(1);
}

// As OpenSSL's manual advises a server with many connections; the client's chain is verified, as Mosquitto does.
SSL_CTX* make_context(const char* certificate, const char* key, const char* client_ca) {
    SSL_CTX* out = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_min_proto_version(out, TLS1_3_VERSION);
    SSL_CTX_set_ciphersuites(out, "TLS_AES_128_GCM_SHA256");
    SSL_CTX_set_mode(out, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(out, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(out, 0);
    if (SSL_CTX_use_certificate_chain_file(out, certificate) != 1 || SSL_CTX_use_PrivateKey_file(out, key, SSL_FILETYPE_PEM) != 1)
        give_up(certificate);
    if (client_ca != nullptr) {
        if (SSL_CTX_load_verify_locations(out, client_ca, nullptr) != 1) give_up(client_ca);
        SSL_CTX_set_verify(out, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    }
    return out;
}

int listen_on(std::uint16_t port) {
    const int out = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    const int on = 1;
    ::setsockopt(out, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(out, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(out, 4096) != 0) give_up("cannot listen");
    return out;
}

class Server {
  public:
    Server(SSL_CTX* context, int listener, std::size_t write_size)
        : context_(context), listener_(listener), epoll_(::epoll_create1(0)), block_(write_size, 0x5a) {
        epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
        ::epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event);
    }

    void run() {
        std::array<epoll_event, 256> events;
        for (;;) {
            const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
            for (int i = 0; i < count; ++i) {
                auto* peer = static_cast<Peer*>(events[static_cast<std::size_t>(i)].data.ptr);
                peer == nullptr ? accept_all() : advance(*peer);
            }
        }
    }

  private:
    void accept_all() {
        for (;;) {
            const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
            if (socket < 0) return;
            const int on = 1;
            ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            auto* peer = new Peer{SSL_new(context_), socket};
            SSL_set_fd(peer->tls, socket);
            SSL_set_accept_state(peer->tls);
            epoll_event event{.events = EPOLLIN, .data = {.ptr = peer}};
            ::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event);
        }
    }

    void advance(Peer& peer) {
        ERR_clear_error();
        if (!peer.open) {
            const int result = SSL_do_handshake(peer.tls);
            if (result != 1) return judge(peer, result);
            peer.open = true;
            if (!block_.empty()) {
                epoll_event event{.events = EPOLLOUT, .data = {.ptr = &peer}};
                ::epoll_ctl(epoll_, EPOLL_CTL_MOD, peer.socket, &event);
            }
        }
        block_.empty() ? answer(peer) : write(peer);
    }

    void answer(Peer& peer) {
        std::array<char, 16384> in;
        const int result = SSL_read(peer.tls, in.data(), static_cast<int>(in.size()));
        if (result <= 0) return judge(peer, result);
        constexpr unsigned char connack[] = {0x20, 2, 0, 0};
        SSL_write(peer.tls, connack, sizeof connack);
    }

    void write(Peer& peer) {
        // A few at a time: the others have their turn.
        for (int i = 0; i < 16; ++i)
            if (const int result = SSL_write(peer.tls, block_.data(), static_cast<int>(block_.size())); result <= 0)
                return judge(peer, result);
    }

    void judge(Peer& peer, int result) {
        const int error = SSL_get_error(peer.tls, result);
        if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return;
        SSL_free(peer.tls);
        ::close(peer.socket);
        delete &peer;
    }

    SSL_CTX* context_;
    int listener_, epoll_;
    std::vector<unsigned char> block_;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 6) {
        std::fprintf(stderr, "usage: %s accept PORT CERTIFICATE KEY CLIENT_CA | write PORT CERTIFICATE KEY SIZE\n", argv[0]);
        return 2;
    }
    std::signal(SIGPIPE, SIG_IGN);
    const bool writes = std::string_view(argv[1]) == "write";
    SSL_CTX* context = make_context(argv[3], argv[4], writes ? nullptr : argv[5]);
    Server(context, listen_on(static_cast<std::uint16_t>(std::atoi(argv[2]))), writes ? std::strtoul(argv[5], nullptr, 10) : 0).run();
}

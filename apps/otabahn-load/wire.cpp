// SPDX-License-Identifier: Apache-2.0
#include "apps/otabahn-load/wire.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace otabahn::load {
namespace {

constexpr std::size_t scratch_bytes = 256 * 1024;
constexpr int events_at_once = 256;
constexpr int wait_milliseconds = 10;  // then `done` is asked although nothing came

}  // namespace

Wire::Wire(Reactor& reactor, const Target& target, Talk& talk) : reactor_(reactor), target_(target), talk_(talk) {}

Wire::~Wire() {
    SSL_free(tls_);
    if (socket_ < 0) return;
    // Thousands that end at once would leave no ports to the next load.
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    ::close(socket_);
}

Error Wire::broken(const std::string& what) const {
    std::string reason;
    if (const auto code = ERR_get_error(); code != 0) {
        std::array<char, 256> text{};
        ERR_error_string_n(code, text.data(), text.size());
        reason = std::string(": ") + text.data();
    } else if (errno != 0) {
        reason = std::string(": ") + std::strerror(errno);
    }
    return {ErrorCode::unavailable, what + " " + target_.endpoint + reason + ".", target_.endpoint};
}

Result<void> Wire::connect() {
    socket_ = ::socket(target_.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (socket_ < 0) return Unexpected(broken("No further socket for"));
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&target_.address), target_.address_size) != 0 && errno != EINPROGRESS)
        return Unexpected(broken("Cannot connect to"));
    tls_ = SSL_new(target_.tls.get());
    if (tls_ == nullptr) return Unexpected(broken("No TLS for"));
    SSL_set_fd(tls_, socket_);
    SSL_set_connect_state(tls_);
    epoll_event event{.events = events_ = EPOLLIN | EPOLLOUT, .data = {.ptr = this}};
    if (::epoll_ctl(reactor_.epoll_, EPOLL_CTL_ADD, socket_, &event) != 0) return Unexpected(broken("Cannot wait for"));
    return {};
}

void Wire::want(std::uint32_t events) {
    if (events == events_) return;
    epoll_event event{.events = events_ = events, .data = {.ptr = this}};
    ::epoll_ctl(reactor_.epoll_, EPOLL_CTL_MOD, socket_, &event);
}

std::span<std::uint8_t> Wire::append(std::size_t size) {
    if (!dirty_) {
        dirty_ = true;
        reactor_.dirty_.push_back(this);
    }
    const std::size_t before = out_.size();
    out_.resize(before + size);
    return std::span(out_).subspan(before);
}

Result<void> Wire::advance() {
    if (open_) {
        if (auto done = read(); !done) return done;
        return sent_ != out_.size() ? flush() : Result<void>();
    }
    ERR_clear_error();
    errno = 0;
    const int result = SSL_do_handshake(tls_);
    if (result == 1) {
        open_ = true;
        want(EPOLLIN);
        talk_.opened(*this);
        return read();
    }
    switch (SSL_get_error(tls_, result)) {
        case SSL_ERROR_WANT_READ:
            want(EPOLLIN);
            return {};
        case SSL_ERROR_WANT_WRITE:
            want(EPOLLIN | EPOLLOUT);
            return {};
        default:
            return Unexpected(broken("No TLS with"));
    }
}

Result<void> Wire::read() {
    auto& scratch = reactor_.scratch_;
    for (;;) {
        ERR_clear_error();
        errno = 0;
        std::size_t got = 0;
        // Gathers what there is: the talk sees many small records at once.
        int result = 1;
        while (got < scratch.size() && (result = SSL_read(tls_, scratch.data() + got, static_cast<int>(scratch.size() - got))) > 0) {
            got += static_cast<std::size_t>(result);
            if (SSL_has_pending(tls_) == 0) break;
        }
        if (got != 0) {
            const ByteView fresh(scratch.data(), got);
            if (in_.empty()) {
                const auto used = talk_.received(*this, fresh);
                in_.assign(fresh.begin() + static_cast<std::ptrdiff_t>(used), fresh.end());
            } else {
                in_.insert(in_.end(), fresh.begin(), fresh.end());
                const auto used = talk_.received(*this, in_);
                in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(used));
            }
            if (in_.empty() && in_.capacity() > 4096) in_.shrink_to_fit();
        }
        if (result > 0) {
            if (SSL_has_pending(tls_) == 0) return {};  // epoll says when there is more
            continue;
        }
        switch (SSL_get_error(tls_, result)) {
            case SSL_ERROR_WANT_READ:
            case SSL_ERROR_WANT_WRITE:
                return {};
            default:
                return Unexpected(broken("The connection was ended by"));
        }
    }
}

Result<void> Wire::flush() {
    while (sent_ < out_.size()) {
        ERR_clear_error();
        errno = 0;
        const int count = SSL_write(tls_, out_.data() + sent_, static_cast<int>(out_.size() - sent_));
        if (count <= 0) {
            const int error = SSL_get_error(tls_, count);
            if (error != SSL_ERROR_WANT_WRITE && error != SSL_ERROR_WANT_READ) return Unexpected(broken("Cannot write to"));
            want(EPOLLIN | EPOLLOUT);
            return {};
        }
        sent_ += static_cast<std::size_t>(count);
    }
    out_.clear();
    sent_ = 0;
    want(EPOLLIN);
    return {};
}

Reactor::Reactor() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), scratch_(scratch_bytes) {}

Reactor::~Reactor() {
    wires_.clear();
    ::close(epoll_);
}

void Reactor::close_all() {
    dirty_.clear();
    wires_.clear();
}

Result<Wire*> Reactor::open(const Target& target, Talk& talk) {
    auto& wire = *wires_.emplace_back(std::make_unique<Wire>(*this, target, talk));
    if (auto begun = wire.connect(); !begun) return Unexpected(begun.error());
    return &wire;
}

Result<void> Reactor::flush_dirty() {
    for (auto* wire : dirty_) {
        wire->dirty_ = false;
        if (auto sent = wire->flush(); !sent) return sent;
    }
    dirty_.clear();
    return {};
}

Result<void> Reactor::run(const std::function<bool()>& done) {
    std::array<epoll_event, events_at_once> events;
    if (auto sent = flush_dirty(); !sent) return sent;
    while (!done()) {
        if (auto sent = flush_dirty(); !sent) return sent;
        const int count = ::epoll_wait(epoll_, events.data(), events_at_once, wait_milliseconds);
        for (int i = 0; i < count; ++i)
            if (auto moved = static_cast<Wire*>(events[static_cast<std::size_t>(i)].data.ptr)->advance(); !moved) return moved;
        if (auto sent = flush_dirty(); !sent) return sent;
    }
    return {};
}

}  // namespace otabahn::load

// SPDX-License-Identifier: Apache-2.0
#include "device/host/dialer.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <thread>

namespace otabahn::device {

struct Dialer::Shared {
    std::string host, port;
    Descriptor event;
    // Written by the thread before `done`, read by the owner after it.
    Descriptor socket;
    std::string trouble;
    std::atomic<bool> done{false};

    void dial();
    void connect(const addrinfo& address);
};

namespace {
constexpr int connect_limit_ms = 10'000;
}

void Dialer::Shared::connect(const addrinfo& address) {
    Descriptor made(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!made) {
        trouble = std::strerror(errno);
        return;
    }
    int error = ::connect(made.get(), address.ai_addr, address.ai_addrlen) == 0 ? 0 : errno;
    if (error == EINPROGRESS) {
        pollfd waiting{made.get(), POLLOUT, 0};
        const int ready = ::poll(&waiting, 1, connect_limit_ms);
        socklen_t size = sizeof error;
        if (ready <= 0)
            error = ETIMEDOUT;
        else
            ::getsockopt(made.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    }
    if (error == 0)
        socket = std::move(made);
    else
        trouble = std::strerror(error);
}

void Dialer::Shared::dial() {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    addrinfo* found = nullptr;
    const int error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
    if (error != 0) trouble = error == EAI_SYSTEM ? std::strerror(errno) : ::gai_strerror(error);
    for (addrinfo* row = found; row != nullptr && !socket; row = row->ai_next) connect(*row);
    if (found != nullptr) ::freeaddrinfo(found);
    done = true;
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t told = ::write(event.get(), &one, sizeof one);
}

Dialer::Dialer(const std::string& host, const std::string& port) : shared_(std::make_shared<Shared>()) {
    shared_->host = host;
    shared_->port = port;
    shared_->event = Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    // The signals stay with the loop.
    sigset_t all, before;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread([shared = shared_] { shared->dial(); }).detach();
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Dialer::~Dialer() = default;

int Dialer::descriptor() const { return shared_->event.get(); }
bool Dialer::over() const { return shared_->done; }

Result<Descriptor> Dialer::take() {
    if (shared_->socket) return std::move(shared_->socket);
    return fail(ErrorCode::unavailable, shared_->trouble);
}

}  // namespace otabahn::device

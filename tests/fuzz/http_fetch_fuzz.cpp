// SPDX-License-Identifier: Apache-2.0
// What a web server answers to the agent's GET: any bytes, cut anywhere, are read without harm; of a part no more than was
// asked for goes to the sink, in order, and nothing of an answer that is no success. The first bytes say how it is cut.
#include "device/host/http_fetch.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>

using namespace otabahn;
using device::HttpFetch;
using device::Millis;

namespace {

constexpr std::uint64_t first = 100, last = 299;

// A listener of this process: what the fetch connects to.
int listener(std::uint16_t& port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(fd, 64) != 0 ||
        ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0)
        std::abort();
    port = ntohs(address.sin_port);
    return fd;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2 || size > 60'000) return 0;
    static std::uint16_t port = 0;
    static const int listening = listener(port);
    const bool ranged = (data[0] & 1) != 0;
    const std::size_t piece = std::max<std::size_t>(data[1], 1) * ((data[0] & 2) != 0 ? 256 : 1);
    HttpFetch fetch({false, "127.0.0.1", std::to_string(port), "/image"},
                    ranged ? std::optional(HttpFetch::Range{first, last}) : std::nullopt, nullptr, Millis{0}, Millis{1'000});
    std::uint64_t next = ranged ? first : 0;
    bool any = false;
    const auto sink = [&](std::uint64_t offset, ByteView bytes) {
        any = any || !bytes.empty();
        if (offset != next || (ranged && fetch.status() == 206 && offset + bytes.size() > last + 1)) std::abort();
        next += bytes.size();
    };
    const int peer = ::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC);
    if (peer < 0) std::abort();
    const linger at_once{1, 0};
    ::setsockopt(peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    auto state = HttpFetch::State::working;
    const auto go_on = [&] {
        device::PollSet set;
        fetch.want(set);
        set.wake(Millis{5});
        set.wait(Millis{0});
        state = fetch.work(Millis{0}, 64 * 1024, sink);
    };
    // The request has to be out before the answer ends the connection.
    char request[1'024];
    bool asked = false;
    for (int tries = 0; !asked && state == HttpFetch::State::working && tries < 200; ++tries) {
        go_on();
        asked = ::recv(peer, request, sizeof request, MSG_DONTWAIT) > 0;
    }
    for (std::size_t at = 2; at < size && state == HttpFetch::State::working; at += piece) {
        if (::send(peer, data + at, std::min(piece, size - at), MSG_NOSIGNAL) <= 0) break;
        state = fetch.work(Millis{0}, 64 * 1024, sink);
    }
    ::shutdown(peer, SHUT_WR);
    for (int tries = 0; state == HttpFetch::State::working && tries < 200; ++tries) go_on();
    ::close(peer);
    if (state == HttpFetch::State::working) state = fetch.work(Millis{2'000}, 64 * 1024, sink);
    if (state == HttpFetch::State::working) std::abort();
    if (any && fetch.status() != 200 && fetch.status() != 206) std::abort();
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
#include "device/host/control_socket.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace otabahn::device {

namespace {

constexpr int answer_limit_ms = 10'000;

// A socket's address holds 107 characters. A longer path is gone by its folder's descriptor, which must stay open meanwhile.
struct Address {
    sockaddr_un address{};
    Descriptor folder;
    const sockaddr* native() const { return reinterpret_cast<const sockaddr*>(&address); }
};

Result<Address> address_of(const std::filesystem::path& path) {
    Address out;
    out.address.sun_family = AF_UNIX;
    std::string text = path.string();
    if (text.size() >= sizeof out.address.sun_path) {
        out.folder = Descriptor(::open(path.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
        if (!out.folder) return fail(ErrorCode::unavailable, trouble_with(path.parent_path(), "cannot be opened"), text);
        text = "/proc/self/fd/" + std::to_string(out.folder.get()) + "/" + path.filename().string();
    }
    if (text.size() >= sizeof out.address.sun_path)
        return fail(ErrorCode::invalid_request, path.string() + " has too long a name for a socket.", path.string());
    std::memcpy(out.address.sun_path, text.c_str(), text.size());
    return out;
}

bool say(int socket, std::string_view line) {
    const std::string whole = std::string(line) + "\n";
    return ::send(socket, whole.data(), whole.size(), MSG_NOSIGNAL | MSG_DONTWAIT) == static_cast<ssize_t>(whole.size());
}

}  // namespace

ControlSocket::~ControlSocket() {
    if (listener_) ::unlink(path_.c_str());
}

Result<void> ControlSocket::listen(const std::filesystem::path& path) {
    const auto address = address_of(path);
    if (!address) return Unexpected(address.error());
    Descriptor made(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    ::unlink(path.c_str());
    const mode_t before = ::umask(0117);
    const bool bound = made && ::bind(made.get(), address->native(), sizeof address->address) == 0;
    ::umask(before);
    if (!bound || ::listen(made.get(), most_peers) != 0)
        return fail(ErrorCode::unavailable, trouble_with(path, "cannot be listened at"), path.string());
    listener_ = std::move(made);
    path_ = path;
    return {};
}

bool ControlSocket::serve(Peer& peer, const Answerer& answer) {
    char buffer[longest_line];
    const ssize_t count = ::read(peer.socket.get(), buffer, sizeof buffer);
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    if (count == 0) return false;
    peer.in.append(buffer, static_cast<std::size_t>(count));
    for (std::size_t newline = 0; (newline = peer.in.find('\n')) != std::string::npos;) {
        const std::string line = peer.in.substr(0, newline);
        peer.in.erase(0, newline + 1);
        if (line == "watch") peer.watching = true;
        if (!say(peer.socket.get(), answer(line == "watch" ? "status" : line))) return false;
    }
    return peer.in.size() < longest_line;
}

void ControlSocket::work(const Answerer& answer) {
    if (!listener_) return;
    for (Descriptor fresh; peers_.size() < most_peers;) {
        fresh = Descriptor(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (!fresh) break;
        peers_.push_back({std::move(fresh), {}, false});
    }
    std::erase_if(peers_, [&](Peer& peer) { return !serve(peer, answer); });
}

void ControlSocket::want(PollSet& set) const {
    if (!listener_) return;
    if (peers_.size() < most_peers) set.read(listener_.get());
    for (const Peer& peer : peers_) set.read(peer.socket.get());
}

void ControlSocket::announce(std::string_view line) {
    std::erase_if(peers_, [&](Peer& peer) { return peer.watching && !say(peer.socket.get(), line); });
}

Result<std::string> ask_agent(const std::filesystem::path& path, std::string_view line) {
    const auto address = address_of(path);
    if (!address) return Unexpected(address.error());
    Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket || ::connect(socket.get(), address->native(), sizeof address->address) != 0)
        return fail(ErrorCode::unavailable, trouble_with(path, "no agent answers; does it run, and may this user open its socket"),
                    path.string());
    if (!say(socket.get(), line)) return fail(ErrorCode::unavailable, trouble_with(path, "the agent cannot be spoken to"), path.string());
    std::string answer;
    while (answer.find('\n') == std::string::npos) {
        pollfd waiting{socket.get(), POLLIN, 0};
        char buffer[1'024];
        const ssize_t count = ::poll(&waiting, 1, answer_limit_ms) == 1 ? ::read(socket.get(), buffer, sizeof buffer) : -1;
        if (count <= 0) return fail(ErrorCode::unavailable, path.string() + ": the agent gives no answer.", path.string());
        answer.append(buffer, static_cast<std::size_t>(count));
    }
    answer.resize(answer.find('\n'));
    return answer;
}

}  // namespace otabahn::device

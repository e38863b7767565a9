// SPDX-License-Identifier: Apache-2.0
#include "device/install/swupdate_installer.hpp"

#include "device/install/swupdate_messages.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace otabahn::device {

namespace {

constexpr std::size_t piece = 64 * 1024;
constexpr Millis ask_every{500};
constexpr int answer_limit_ms = 5'000;

std::vector<char> bytes_of(const swupdate::Message& message) {
    const char* begin = reinterpret_cast<const char*>(&message);
    return {begin, begin + sizeof message};
}

swupdate::Message message_of(std::int32_t type) {
    swupdate::Message message;
    std::memset(&message, 0, sizeof message);
    message.magic = swupdate::magic;
    message.type = type;
    return message;
}

swupdate::Message read_message(const std::vector<char>& bytes) {
    swupdate::Message message;
    std::memcpy(&message, bytes.data(), sizeof message);
    return message;
}

template <std::size_t N>
std::string text_of(const char (&field)[N]) {
    return std::string(field, ::strnlen(field, N));
}

}  // namespace

Result<Descriptor> SwupdateInstaller::connect() const {
    const std::string path = context_.settings.swupdate_socket.string();
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return fail(ErrorCode::invalid_request, path + " is too long a path for a socket.", path);
    std::memcpy(address.sun_path, path.c_str(), path.size());
    Descriptor made(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!made || ::connect(made.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return fail(ErrorCode::unavailable, trouble_with(path, "SWUpdate cannot be reached"), path);
    return made;
}

Answer SwupdateInstaller::fail_installing(std::string why) {
    phase_ = Phase::none;
    socket_.reset();
    image_.reset();
    until_ = ask_at_ = Millis::max();
    return say(ActionKind::activate, false, std::move(why));
}

Answer SwupdateInstaller::activate(std::uint8_t slot) {
    image_ = Descriptor(::open(context_.slots.image(slot).c_str(), O_RDONLY | O_CLOEXEC));
    if (!image_) return fail_installing(trouble_with(context_.slots.image(slot), "cannot be opened"));
    auto socket = connect();
    if (!socket) return fail_installing(socket.error().message);
    socket_ = std::move(socket).value();
    swupdate::Message message = message_of(swupdate::req_install);
    message.data.install.request.apiversion = swupdate::api_version;
    message.data.install.request.source = swupdate::source_local;
    message.data.install.request.length = context_.image(slot).size;
    constexpr std::string_view who = "otabahn-device";
    std::memcpy(message.data.install.buffer, who.data(), who.size());
    message.data.install.length = who.size();
    out_ = bytes_of(message);
    sent_ = 0;
    in_.clear();
    last_words_.clear();
    phase_ = Phase::requesting;
    until_ = context_.clock.now() + context_.settings.command_seconds;
    return poll();
}

Result<bool> SwupdateInstaller::flush() {
    while (sent_ < out_.size()) {
        const ssize_t count = ::send(socket_.get(), out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL);
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) return false;
        if (count < 0) return fail(ErrorCode::unavailable, std::string("SWUpdate does not take it: ") + std::strerror(errno) + ".");
        sent_ += static_cast<std::size_t>(count);
    }
    return true;
}

Result<bool> SwupdateInstaller::receive() {
    while (in_.size() < sizeof(swupdate::Message)) {
        const std::size_t held = in_.size();
        in_.resize(sizeof(swupdate::Message));
        const ssize_t count = ::read(socket_.get(), in_.data() + held, in_.size() - held);
        in_.resize(held + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) return false;
        if (count <= 0)
            return fail(ErrorCode::unavailable, "SWUpdate closed the connection without an answer: is it of another version or word size?");
    }
    if (read_message(in_).magic != swupdate::magic)
        return fail(ErrorCode::unavailable, "what answers on " + context_.settings.swupdate_socket.string() + " is not SWUpdate.");
    return true;
}

Answer SwupdateInstaller::stream() {
    // A piece a turn: the connection to the cloud lives on.
    if (const auto gone = flush(); !gone) return fail_installing(gone.error().message);
    if (sent_ < out_.size()) return std::nullopt;
    out_.resize(piece);
    const ssize_t count = ::read(image_.get(), out_.data(), out_.size());
    if (count < 0) return fail_installing(std::string("the image cannot be read: ") + std::strerror(errno) + ".");
    out_.resize(static_cast<std::size_t>(count));
    sent_ = 0;
    if (count > 0) return std::nullopt;
    socket_.reset();
    image_.reset();
    phase_ = Phase::installing;
    ask_at_ = context_.clock.now();
    return std::nullopt;
}

Answer SwupdateInstaller::ask() {
    auto socket = connect();
    if (!socket) return fail_installing(socket.error().message);
    socket_ = std::move(socket).value();
    out_ = bytes_of(message_of(swupdate::get_status));
    sent_ = 0;
    in_.clear();
    phase_ = Phase::asking;
    return std::nullopt;
}

Answer SwupdateInstaller::judge_status() {
    const swupdate::StatusMessage status = read_message(in_).data.status;
    socket_.reset();
    if (const std::string words = text_of(status.description); !words.empty()) last_words_ = last_line(words);
    if (status.current != swupdate::idle) {
        phase_ = Phase::installing;
        ask_at_ = context_.clock.now() + ask_every;
        return std::nullopt;
    }
    if (status.last_result != swupdate::success) return fail_installing("SWUpdate could not install it: " + last_words_);
    phase_ = Phase::none;
    until_ = ask_at_ = Millis::max();
    return say(ActionKind::activate, true);
}

Answer SwupdateInstaller::poll() {
    const Millis now = context_.clock.now();
    if (phase_ == Phase::none) return MachineInstaller::poll();
    if (now >= until_)
        return fail_installing("SWUpdate did not end within " + std::to_string(context_.settings.command_seconds.count()) + " s.");
    if (phase_ == Phase::streaming) return stream();
    if (phase_ == Phase::installing) return now >= ask_at_ ? ask() : Answer();
    if (const auto gone = flush(); !gone) return fail_installing(gone.error().message);
    const auto came = receive();
    if (!came) return fail_installing(came.error().message);
    if (!*came) return std::nullopt;
    if (phase_ == Phase::asking) return judge_status();
    const swupdate::Message answer = read_message(in_);
    if (answer.type != swupdate::ack) return fail_installing("SWUpdate refuses the update: " + text_of(answer.data.text));
    phase_ = Phase::streaming;
    out_.clear();
    sent_ = 0;
    context_.log.note("SWUpdate takes the image");
    return std::nullopt;
}

void SwupdateInstaller::want(PollSet& set) const {
    MachineInstaller::want(set);
    if (phase_ == Phase::none) return;
    set.wake(std::min(until_, ask_at_));
    if (socket_) set.watch(socket_.get(), sent_ < out_.size() || phase_ == Phase::streaming ? POLLOUT : POLLIN);
}

Result<void> SwupdateInstaller::set_update_state(char state) {
    auto socket = connect();
    if (!socket) return Unexpected(socket.error());
    socket_ = std::move(socket).value();
    swupdate::Message message = message_of(swupdate::set_update_state);
    message.data.text[0] = state;
    out_ = bytes_of(message);
    sent_ = 0;
    in_.clear();
    Result<bool> came = flush();
    while (came) {
        came = receive();
        if (!came || *came) break;
        pollfd waiting{socket_.get(), POLLIN, 0};
        if (::poll(&waiting, 1, answer_limit_ms) <= 0) came = fail(ErrorCode::unavailable, "SWUpdate gives no answer.");
    }
    socket_.reset();
    out_.clear();
    if (!came) return Unexpected(came.error());
    if (read_message(in_).type != swupdate::ack)
        return fail(ErrorCode::unavailable,
                    "SWUpdate cannot store the update's state for the boot loader: " + text_of(read_message(in_).data.text));
    return {};
}

Answer SwupdateInstaller::confirm(std::uint8_t slot) {
    if (const auto stored = set_update_state(swupdate::state_ok); !stored) return say(ActionKind::confirm, false, stored.error().message);
    context_.slots.drop(slot);
    return MachineInstaller::confirm(slot);
}

Answer SwupdateInstaller::roll_back(std::uint8_t slot) {
    if (const auto stored = set_update_state(swupdate::state_failed); !stored)
        return say(ActionKind::roll_back, false, stored.error().message);
    return MachineInstaller::roll_back(slot);
}

}  // namespace otabahn::device

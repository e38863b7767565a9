// SPDX-License-Identifier: Apache-2.0
#include "gateway/link.hpp"

#include "gateway/loop.hpp"
#include "runtime/log.hpp"
#include "tls/server_name.hpp"

#include <boost/asio/post.hpp>

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <utility>

namespace otabahn::gateway {
namespace {

constexpr int reads_at_once = 8;                    // then the other connections of the loop have their turn
constexpr std::size_t written_at_once = 16 * 1024;  // a full record
constexpr std::chrono::seconds linger{2};           // for the peer to read our goodbye before the socket goes
constexpr std::chrono::seconds flush_deadline{5};   // for a peer that does not even read its DISCONNECT

}  // namespace

Link::Link(Loop& loop, std::uint64_t id, boost::asio::ip::tcp::socket socket, const tls::Context& tls)
    : loop_(loop),
      id_(id),
      socket_(std::move(socket)),
      stream_(tls, socket_.native_handle()),
      input_(loop.buffers()),
      accepted_at_(loop.now()) {
    boost::system::error_code error;
    const auto peer = socket_.remote_endpoint(error);
    if (!error) address_ = peer.address().to_string();
}

Link::Link(Loop& loop, std::uint64_t id, boost::asio::ip::tcp::socket socket, Arrival arrival)
    : loop_(loop),
      id_(id),
      socket_(std::move(socket)),
      stream_(std::move(arrival.connected.stream)),
      address_(std::move(arrival.connected.address)),
      arrival_(std::make_unique<Arrival>(std::move(arrival))),
      input_(loop.buffers()),
      accepted_at_(loop.now()) {
    boost::system::error_code ignored;
    socket_.non_blocking(true, ignored);
    if (arrival_->via == Via::websocket) web_ = std::make_unique<WebCarrier>();
}

void Link::start() {
    if (!arrival_) return handshake();
    const auto arrival = std::move(arrival_);
    begin_conversation(arrival->via, std::move(arrival->caller));
    auto& received = arrival->received;
    if (!received.empty()) take_bytes({reinterpret_cast<std::uint8_t*>(received.data()), received.size()});
    read();
}

void Link::wait_readable() {
    if (awaiting_readable_ || phase_ == Phase::closed) return;
    awaiting_readable_ = true;
    socket_.async_wait(boost::asio::ip::tcp::socket::wait_read, [self = shared_from_this()](const boost::system::error_code& error) {
        self->awaiting_readable_ = false;
        if (error || self->phase_ == Phase::closed) return;
        const Loop::Turn turn(self->loop_);
        self->on_readable();
    });
}

void Link::wait_writable() {
    if (awaiting_writable_ || phase_ == Phase::closed) return;
    awaiting_writable_ = true;
    socket_.async_wait(boost::asio::ip::tcp::socket::wait_write, [self = shared_from_this()](const boost::system::error_code& error) {
        self->awaiting_writable_ = false;
        if (error || self->phase_ == Phase::closed) return;
        const Loop::Turn turn(self->loop_);
        self->on_writable();
    });
}

void Link::on_readable() {
    switch (phase_) {
        case Phase::handshake:
            return handshake();
        case Phase::open:
            read();
            // While it is in the processor's cache; the loop comes by once more.
            if (connection_ && connection_->output().size() >= written_at_once) settle();
            return;
        case Phase::lingering: {
            // Plain bytes, not decrypted: what still comes is thrown away until the peer closes.
            const auto got = ::recv(socket_.native_handle(), loop_.scratch().data(), loop_.scratch().size(), MSG_DONTWAIT);
            if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR))) return wait_readable();
            return abort();
        }
        case Phase::closed:
            return;
    }
}

void Link::on_writable() {
    if (phase_ == Phase::handshake) return handshake();
    if (phase_ == Phase::open) loop_.wake_link(*this);
}

void Link::handshake() {
    switch (stream_.handshake()) {
        case tls::Stream::State::done:
            loop_.handshake_over();
            begin_conversation(Via::mqtt, nullptr);
            return read();
        case tls::Stream::State::want_read:
            return wait_readable();
        case tls::Stream::State::want_write:
            return wait_writable();
        case tls::Stream::State::closed:
        case tls::Stream::State::failed:
            ++loop_.tally().handshakes_failed;
            spdlog::info("handshake failed address={} what=\"{}\"", address_, stream_.failure());
            return abort();
    }
}

void Link::begin_conversation(Via via, CallerPtr caller) {
    if (!stream_.is_plain()) ++loop_.tally().handshakes;
    phase_ = Phase::open;
    // Who signed has named a region; a certificate that was shown as well says nothing then.
    const std::string certificate = caller ? std::string() : stream_.certificate_id();
    connection_.emplace(loop_, Peer{id_, address_, certificate, tls::region_of_host(stream_.server_name()), this, via, std::move(caller)});
    stream_.forget_handshake();
}

void Link::read() {
    if (!connection_ || phase_ != Phase::open) return;
    read_again_ = false;
    if (!input_.empty() || connection_->can_go_on()) take_input({});
    for (int count = 0; phase_ == Phase::open && !connection_->ended() && connection_->wants_input(); ++count) {
        if (count == reads_at_once) return loop_.wake_link(*this);
        const auto moved = stream_.read(loop_.scratch());
        switch (moved.state) {
            case tls::Stream::State::done:
                loop_.tally().bytes_in += moved.bytes;
                take_bytes(loop_.scratch().first(moved.bytes));
                if (!stream_.has_pending() && connection_->wants_input()) return wait_readable();
                break;
            case tls::Stream::State::want_read:
                return wait_readable();
            case tls::Stream::State::want_write:
                return wait_writable();
            case tls::Stream::State::closed:
                connection_->connection_lost(web_ ? "the client closed its connection without a WebSocket close frame"
                                                  : "the client closed TLS without DISCONNECT");
                return abort();
            case tls::Stream::State::failed:
                connection_->connection_lost(stream_.failure());
                return abort();
        }
    }
}

void Link::take_bytes(std::span<std::uint8_t> fresh) {
    if (!web_) return take_input(fresh);
    while (!fresh.empty() && !connection_->ended()) {
        const auto in = web_->receiver.next(fresh);
        fresh = fresh.subspan(in.used);
        switch (in.kind) {
            case websocket::Input::Kind::data:
                take_input(in.bytes);
                break;
            case websocket::Input::Kind::ping:
                web_->answer_ping(in.bytes);
                loop_.wake_link(*this);
                break;
            case websocket::Input::Kind::close:
                web_->answer_close(in.bytes);
                connection_->closed_by_client();
                break;
            case websocket::Input::Kind::failed:
                web_->say_close(in.code, in.problem);
                connection_->carrier_broken(in.problem);
                break;
            case websocket::Input::Kind::pong:
            case websocket::Input::Kind::nothing:
                break;
        }
    }
}

void Link::take_input(ByteView fresh) {
    if (input_.empty()) {
        const std::size_t used = connection_->receive(fresh);
        input_.append(fresh.subspan(used));
        return;
    }
    input_.append(fresh);
    if (input_.size() < connection_->needed() && !fresh.empty()) return;
    input_.consume(connection_->receive(input_.pending()));
}

void Link::settle() {
    if (phase_ != Phase::open || !connection_) return;
    connection_->settle();
    if (!keeps_alive_ && connection_->is_open()) {
        keeps_alive_ = true;
        loop_.schedule(*this);  // may be sooner than what it had for CONNECT
    }
    was_full_ = was_full_ || !connection_->has_room();
    if (web_ && connection_->ended()) web_->say_close(websocket::CloseCode::normal, "");
    flush();
    if (phase_ != Phase::open) return;
    if (connection_->ended()) {
        if (!has_output()) return finish();
        if (!ended_at_) {
            ended_at_ = loop_.now();
            loop_.schedule(*this);
        }
        return;
    }
    if (was_full_ && connection_->output().size() < output_low_water) {
        was_full_ = false;
        connection_->resume();
    }
    if (!connection_->wants_input() || read_again_ || (awaiting_readable_ && !connection_->can_go_on())) return;
    read_again_ = true;
    boost::asio::post(socket_.get_executor(), [self = shared_from_this()] {
        const Loop::Turn turn(self->loop_);
        self->read();
    });
}

tls::Stream::Moved Link::write_some() {
    const ByteView output = connection_->output().pending();
    if (!web_) return stream_.write(output);
    web_->begin(output.size());
    const ByteView frame = output.first(web_->left());
    return web_->head().empty() ? stream_.write(frame) : stream_.write(web_->head(), frame);
}

void Link::flush() {
    while (has_output()) {
        const auto moved = write_some();
        switch (moved.state) {
            case tls::Stream::State::done:
                loop_.tally().bytes_out += moved.bytes;
                connection_->output().consume(web_ ? web_->sent(moved.bytes) : moved.bytes);
                break;
            case tls::Stream::State::want_write:
                return wait_writable();
            case tls::Stream::State::want_read:
                return wait_readable();
            case tls::Stream::State::closed:
            case tls::Stream::State::failed:
                connection_->connection_lost(stream_.failure());
                return abort();
        }
    }
}

void Link::finish() {
    stream_.close_notify();
    boost::system::error_code ignored;
    socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
    phase_ = Phase::lingering;
    ended_at_ = loop_.now();
    loop_.schedule(*this);
    wait_readable();
}

void Link::abort() {
    if (phase_ == Phase::closed) return;
    if (connection_) connection_->connection_lost("the connection was cut");
    if (phase_ == Phase::handshake) loop_.handshake_over();
    phase_ = Phase::closed;
    boost::system::error_code ignored;
    socket_.close(ignored);
    loop_.remove(*this);
}

void Link::stop() {
    if (phase_ == Phase::handshake) return abort();
    if (connection_) connection_->stop();
}

std::optional<Timestamp> Link::deadline() const {
    switch (phase_) {
        case Phase::handshake:
            return accepted_at_ + loop_.handshake_deadline();
        case Phase::open:
            return ended_at_ ? *ended_at_ + flush_deadline : connection_->deadline();
        case Phase::lingering:
            return *ended_at_ + linger;
        case Phase::closed:
            return std::nullopt;
    }
    return std::nullopt;
}

bool Link::is_silent(Timestamp since) {
    int waiting = 0;
    return accepted_at_ <= since && ::ioctl(socket_.native_handle(), FIONREAD, &waiting) == 0 && waiting == 0;
}

void Link::check(Timestamp now) {
    const auto due = deadline();
    if (!due || now < *due) return;
    if (phase_ != Phase::open || ended_at_) {
        if (phase_ == Phase::handshake) spdlog::info("handshake not finished in time address={}", address_);
        return abort();
    }
    connection_->check_deadline();
}

}  // namespace otabahn::gateway

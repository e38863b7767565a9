// SPDX-License-Identifier: Apache-2.0
// One TLS connection of a load, never blocking, and the loop that drives many of them on one thread. What the bytes mean is the
// Talk's; it belongs to whoever made it and outlives the wire. Nothing is kept of a connection that is silent but its TLS.
#pragma once

#include "apps/otabahn-load/target.hpp"
#include "base/bytes.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace otabahn::load {

class Wire;
class Reactor;
using Clock = std::chrono::steady_clock;

class Talk {
  public:
    virtual ~Talk() = default;
    virtual void opened(Wire& wire) = 0;  // TLS stands
    // Takes what it can from the front and gives the bytes used; the rest comes again, with more behind it.
    virtual std::size_t received(Wire& wire, ByteView bytes) = 0;
};

class Wire {
  public:
    Wire(Reactor& reactor, const Target& target, Talk& talk);
    ~Wire();
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    // `size` bytes at the end of what is sent after this turn, for the caller to fill.
    std::span<std::uint8_t> append(std::size_t size);

  private:
    friend class Reactor;
    Result<void> connect();
    Result<void> advance();
    Result<void> read();
    Result<void> flush();
    void want(std::uint32_t events);
    Error broken(const std::string& what) const;

    Reactor& reactor_;
    const Target& target_;
    Talk& talk_;
    SSL* tls_ = nullptr;
    int socket_ = -1;
    std::uint32_t events_ = 0;
    bool open_ = false, dirty_ = false;
    std::vector<std::uint8_t> in_, out_;
    std::size_t sent_ = 0;
};

class Reactor {
  public:
    Reactor();
    ~Reactor();
    Reactor(const Reactor&) = delete;
    Reactor& operator=(const Reactor&) = delete;

    // Opens one more; it stays until the reactor goes.
    Result<Wire*> open(const Target& target, Talk& talk);
    // Until `done` says so, asked after every round; a connection that breaks meanwhile is a failure.
    Result<void> run(const std::function<bool()>& done);
    void close_all();
    std::size_t size() const { return wires_.size(); }

  private:
    friend class Wire;
    Result<void> flush_dirty();
    int epoll_;
    std::vector<std::unique_ptr<Wire>> wires_;
    std::vector<Wire*> dirty_;
    std::vector<std::uint8_t> scratch_;
};

}  // namespace otabahn::load

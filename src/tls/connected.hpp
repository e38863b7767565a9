// SPDX-License-Identifier: Apache-2.0
// A peer's socket with its TLS, outside any event loop: on its way from the loop that accepted it to the one that will serve it.
#pragma once

#include "tls/stream.hpp"

#include <string>
#include <utility>

namespace otabahn::tls {

class Descriptor {
  public:
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor();  // closes it, unless it was released

    int number() const { return number_; }
    int release() { return std::exchange(number_, -1); }

  private:
    int number_;
};

struct Connected {
    Descriptor socket;
    Stream stream;        // of that socket
    std::string address;  // the peer's
};

}  // namespace otabahn::tls

// SPDX-License-Identifier: Apache-2.0
// A TCP connection to a name, without blocking the loop: resolver and connect have a thread for as long as they take.
#pragma once

#include "base/error.hpp"
#include "device/host/files.hpp"

#include <memory>
#include <string>

namespace otabahn::device {

class Dialer {
  public:
    Dialer(const std::string& host, const std::string& port);
    ~Dialer();  // a thread that still dials goes its own way
    Dialer(Dialer&&) = default;
    Dialer& operator=(Dialer&&) = default;

    int descriptor() const;  // readable when it is over
    bool over() const;
    // Once, when it is over: a non-blocking socket, or why there is none.
    Result<Descriptor> take();

  private:
    struct Shared;
    std::shared_ptr<Shared> shared_;
};

}  // namespace otabahn::device

// SPDX-License-Identifier: Apache-2.0
// Bodies that stream: an S3 object never sits in memory whole. The HTTP adapter drives both from its blocking pool, one call
// at a time, a chunk (at most 1 MiB) a call.
#pragma once

#include "awsapi/service_error.hpp"
#include "base/bytes.hpp"

#include <cstdint>
#include <memory>
#include <optional>

namespace otabahn::awsapi {

// Takes a request's body. finish() is called only after the adapter has verified length, signature and checksums of what it
// passed on; destruction without finish() leaves nothing behind.
template <class Output>
class Upload {
  public:
    virtual ~Upload() = default;
    virtual Outcome<void> write(ByteView bytes) = 0;
    virtual Outcome<Output> finish() = 0;
};

class BodySource {
  public:
    virtual ~BodySource() = default;
    virtual std::uint64_t size() const = 0;
    virtual Result<std::size_t> read(std::span<std::uint8_t> out) = 0;  // the next bytes; 0 at the end
};

template <class Output>
struct Download {
    Output head;
    std::unique_ptr<BodySource> body;  // null: no body (HEAD, 304)
    int status = 200;                  // 200, 206, 304
};

}  // namespace otabahn::awsapi

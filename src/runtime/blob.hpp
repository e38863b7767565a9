// SPDX-License-Identifier: Apache-2.0
// Where the bytes of objects lie. This is the port; blob/ implements it on a folder. A blob is written once, whole and
// durable (fsync of file and folder) when commit() returns, or not there at all; its id is chosen by the store.
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace otabahn::runtime {

class BlobReader {
  public:
    virtual ~BlobReader() = default;
    virtual std::uint64_t size() const = 0;
    // Fills `out` from `offset`; gives the bytes read, fewer only at the end. Any thread: it keeps no position.
    virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> out) const = 0;
};

class BlobWriter {
  public:
    virtual ~BlobWriter() = default;  // without commit(): nothing remains
    virtual Result<void> append(ByteView bytes) = 0;
    virtual Result<std::string> commit() = 0;  // the blob's id
};

class BlobStore {
  public:
    virtual ~BlobStore() = default;
    virtual Result<std::unique_ptr<BlobWriter>> create() = 0;
    virtual Result<std::shared_ptr<const BlobReader>> open(const std::string& id) const = 0;  // shared: many connections read one file
    virtual Result<void> remove(const std::string& id) = 0;
    // Every blob there is, in any order: so that those which nobody names can be found after a crash.
    virtual Result<void> visit(const std::function<void(const std::string& id, Timestamp written_at)>& visitor) const {
        (void)visitor;
        return fail(ErrorCode::not_implemented, "This blob store cannot list its blobs, so those that nobody names stay.");
    }
};

}  // namespace otabahn::runtime

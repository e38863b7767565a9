// SPDX-License-Identifier: Apache-2.0
// Streams: files of S3 served in blocks over MQTT. The registry of streams is REST (rest.cpp); blocks are the hot path:
// StreamBlocks answers on the gateway's event loop from an open file, without database, lock or pool, once it is warm.
#pragma once

#include "access/access.hpp"
#include "awsapi/operations.hpp"
#include "base/bytes.hpp"
#include "objects/objects.hpp"
#include "runtime/bus.hpp"
#include "runtime/clock.hpp"
#include "runtime/store.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otabahn::streams {

struct StreamFile {
    int file_id = 0;
    std::uint64_t size = 0;
    std::shared_ptr<const runtime::BlobReader> blob;
    // Told to the device as the matching error of spec gateway 4.5: access_denied is Unauthorized, not_found ResourceNotFound,
    // conflict ETagMismatch, limit_exceeded InvalidRequest, any other InternalError.
    std::optional<Error> refusal;
    std::string bucket, key;
};

// A stream as devices read it: made by load() (blocking), then immutable; a Change of kind stream, object or role retires it.
struct OpenStream {
    Scope scope;
    std::string stream_id, description;
    int version = 1;
    std::vector<StreamFile> files;
    std::string role_name;
};

// Blocking: pool threads only.
class Streams {
  public:
    Streams(runtime::Store& store, runtime::Bus& bus, const runtime::Clock& clock, objects::Objects& objects, access::Access& access,
            bool extended_quotas = false);
    // not_found: no such stream here. Files that may not be read are in it, with their refusal.
    Result<std::shared_ptr<const OpenStream>> load(const Scope& scope, const StreamId& stream);
    void bind_rest(awsapi::Operations& operations);

  private:
    runtime::Store& store_;
    runtime::Bus& bus_;
    const runtime::Clock& clock_;
    objects::Objects& objects_;
    access::Access& access_;
    bool extended_quotas_;
};

// One event loop's view of the streams: its cache of open ones and the answers. Not shared between loops: each calls its own,
// retire() included.
//
// answer() gives false when the stream is not warm here: the gateway then runs load() on its blocking pool, hands the outcome
// to warm(), and calls answer() again. Payload bytes are written by the sink straight where the packet is built.
struct BlockSink {
    virtual ~BlockSink() = default;
    // A message on `topic` whose payload is `head`, then `size` bytes read from `blob` at `offset`, then `tail`. JSON payloads come
    // whole in `head` with size 0 (base64 must be made anyway). Sent at the QoS that the gateway decides. All views end with the call.
    virtual void block(std::string_view topic, std::string_view head, const std::shared_ptr<const runtime::BlobReader>& blob,
                       std::uint64_t offset, std::uint32_t size, std::string_view tail) = 0;
    virtual void message(std::string_view topic, std::string_view payload) = 0;  // description, rejected
};

struct BlockRequest {
    Scope scope;
    std::string_view topic;  // $aws/things/T/streams/S/get/cbor
    std::string_view payload;
    std::uint32_t maximum_packet_size = 0;  // 0: none
};

class StreamBlocks {
  public:
    explicit StreamBlocks(bool extended_quotas);
    static bool fits(std::string_view topic);  // $aws/things/+/streams/#
    static std::optional<StreamId> stream_of(std::string_view topic);
    // The sink has been given the whole answer; false: it has been given nothing, the stream must be loaded first.
    bool answer(const BlockRequest& request, BlockSink& sink);
    // An outcome that a change has overtaken meanwhile serves the next answer() and no further one.
    void warm(const Scope& scope, const StreamId& stream, Result<std::shared_ptr<const OpenStream>> loaded, Timestamp now);
    void retire(const runtime::Change& change);
    void expire(Timestamp now);  // entries older than 30 s are read again

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace otabahn::streams

// SPDX-License-Identifier: Apache-2.0
// The open streams of one event loop, found by views without a string being made. Internal to the folder; one loop's strand.
#pragma once

#include "streams/streams.hpp"

#include <cstddef>
#include <optional>
#include <string_view>
#include <unordered_map>

namespace otabahn::streams {

class StreamCache {
  public:
    // What is known of a stream: it is open, or why there is none.
    struct Found {
        const OpenStream* stream = nullptr;
        const Error* refusal = nullptr;
    };

    // Nothing: it must be loaded; from here on a change that comes before keep() is remembered.
    std::optional<Found> find(const Scope& scope, std::string_view stream);
    // After an answer made of what find() gave: what was only good for one is forgotten.
    void used(const Scope& scope, std::string_view stream);

    void keep(const Scope& scope, const std::string& stream, Result<std::shared_ptr<const OpenStream>> loaded, Timestamp now);
    void retire(const runtime::Change& change);
    void expire(Timestamp now);

  private:
    struct Key {
        std::string account, region, stream;
    };
    struct KeyView {
        std::string_view account, region, stream;
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(const KeyView& key) const;
        std::size_t operator()(const Key& key) const { return (*this)(KeyView{key.account, key.region, key.stream}); }
    };
    struct Equal {
        using is_transparent = void;
        static KeyView view(const Key& key) { return {key.account, key.region, key.stream}; }
        static KeyView view(const KeyView& key) { return key; }
        bool operator()(const auto& left, const auto& right) const {
            const KeyView a = view(left), b = view(right);
            return a.stream == b.stream && a.account == b.account && a.region == b.region;
        }
    };
    struct Entry {
        std::shared_ptr<const OpenStream> stream;
        std::optional<Error> refusal;
        Timestamp loaded{};
        bool loading = true;
        bool overtaken = false;  // a change came while it was loaded
        bool once = false;       // so the outcome serves one answer
    };

    static bool touches(const Entry& entry, const Key& key, const runtime::Change& change);
    void make_room();

    std::unordered_map<Key, Entry, Hash, Equal> entries_;
};

}  // namespace otabahn::streams

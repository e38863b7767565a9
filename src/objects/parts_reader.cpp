// SPDX-License-Identifier: Apache-2.0
#include "objects/parts_reader.hpp"

#include <algorithm>
#include <deque>
#include <mutex>

namespace otabahn::objects {
namespace {

using Reader = std::shared_ptr<const runtime::BlobReader>;

// Gives the blob of a part.
class Source {
  public:
    virtual ~Source() = default;
    virtual Result<Reader> get(std::size_t part) const = 0;
};

class OpenedSource final : public Source {
  public:
    explicit OpenedSource(std::vector<Reader> readers) : readers_(std::move(readers)) {}
    Result<Reader> get(std::size_t part) const override { return readers_[part]; }

  private:
    std::vector<Reader> readers_;
};

class RecentSource final : public Source {
  public:
    RecentSource(const runtime::BlobStore& blobs, std::vector<std::string> ids) : blobs_(blobs), ids_(std::move(ids)) {}
    Result<Reader> get(std::size_t part) const override {
        std::lock_guard lock(mutex_);
        for (const auto& [number, reader] : recent_)
            if (number == part) return reader;
        auto opened = blobs_.open(ids_[part]);
        if (!opened) return Unexpected(std::move(opened).error());
        recent_.emplace_front(part, *opened);
        if (recent_.size() > parts_opened_at_once) recent_.pop_back();
        return opened;
    }

  private:
    const runtime::BlobStore& blobs_;  // outlives every reader: the program owns both
    std::vector<std::string> ids_;
    mutable std::mutex mutex_;
    mutable std::deque<std::pair<std::size_t, Reader>> recent_;
};

class PartsReader final : public runtime::BlobReader {
  public:
    PartsReader(std::vector<std::uint64_t> ends, std::unique_ptr<Source> source) : ends_(std::move(ends)), source_(std::move(source)) {}

    std::uint64_t size() const override { return ends_.empty() ? 0 : ends_.back(); }

    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> out) const override {
        std::size_t done = 0;
        auto part = static_cast<std::size_t>(std::upper_bound(ends_.begin(), ends_.end(), offset) - ends_.begin());
        for (; part < ends_.size() && done < out.size(); ++part) {
            const auto begin = part == 0 ? 0 : ends_[part - 1];
            const auto at = offset + done;
            const auto piece = static_cast<std::size_t>(std::min<std::uint64_t>(ends_[part] - at, out.size() - done));
            if (piece == 0) continue;
            const auto reader = source_->get(part);
            if (!reader) return Unexpected(reader.error());
            const auto got = (*reader)->read_at(at - begin, out.subspan(done, piece));
            if (!got) return Unexpected(got.error());
            done += *got;
            if (*got < piece) return fail(ErrorCode::internal, "A part's blob is shorter than its row says.");
        }
        return done;
    }

  private:
    std::vector<std::uint64_t> ends_;  // offset after each part
    std::unique_ptr<Source> source_;
};

}  // namespace

Result<Reader> open_parts(const runtime::BlobStore& blobs, std::vector<PartBlob> parts) {
    std::vector<std::uint64_t> ends;
    std::vector<std::string> ids;
    std::vector<Reader> readers;
    std::uint64_t end = 0;
    for (auto& part : parts) {
        ends.push_back(end += part.size);
        ids.push_back(std::move(part.blob_id));
    }
    if (ids.size() > parts_opened_at_once)
        return Reader(std::make_shared<PartsReader>(std::move(ends), std::make_unique<RecentSource>(blobs, std::move(ids))));
    for (const auto& id : ids) {
        auto opened = blobs.open(id);
        if (!opened) return Unexpected(std::move(opened).error());
        readers.push_back(std::move(opened).value());
    }
    return Reader(std::make_shared<PartsReader>(std::move(ends), std::make_unique<OpenedSource>(std::move(readers))));
}

}  // namespace otabahn::objects

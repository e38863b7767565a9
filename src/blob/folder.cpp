// SPDX-License-Identifier: Apache-2.0
#include "blob/folder.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <string>
#include <utility>

namespace otabahn::blob {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::size_t id_length = 32;

class File {
  public:
    explicit File(int descriptor = -1) : descriptor_(descriptor) {}
    ~File() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    File& operator=(File&&) = delete;
    bool is_open() const { return descriptor_ >= 0; }
    int get() const { return descriptor_; }

  private:
    int descriptor_;
};

Unexpected<Error> failed(std::string_view what, const fs::path& path, int error) {
    const ErrorCode code = error == ENOENT                      ? ErrorCode::not_found
                           : error == ENOSPC || error == EDQUOT ? ErrorCode::unavailable
                                                                : ErrorCode::internal;
    const std::string advice = error == ENOSPC || error == EDQUOT ? " Make room on that file system, then try again." : "";
    return fail(code, "Could not " + std::string(what) + " " + path.string() + ": " + std::strerror(error) + "." + advice, path.string());
}

Result<void> sync_folder(const fs::path& folder) {
    const File opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened.is_open()) return failed("open the folder", folder, errno);
    if (::fsync(opened.get()) != 0) return failed("sync the folder", folder, errno);
    return {};
}

bool is_id(std::string_view text) { return text.size() == id_length && text.find_first_not_of(hex_digits) == std::string_view::npos; }

Result<std::string> make_id() {
    std::array<unsigned char, id_length / 2> bytes{};
    if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
        return fail(ErrorCode::internal, "The system gave no random bytes for a blob's id.");
    std::string out;
    for (const unsigned char byte : bytes) {
        out.push_back(hex_digits[byte >> 4]);
        out.push_back(hex_digits[byte & 15]);
    }
    return out;
}

class FolderReader final : public runtime::BlobReader {
  public:
    FolderReader(File file, fs::path path, std::uint64_t size) : file_(std::move(file)), path_(std::move(path)), size_(size) {}

    std::uint64_t size() const override { return size_; }

    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> out) const override {
        std::size_t done = 0;
        while (done < out.size()) {
            const ssize_t got = ::pread(file_.get(), out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
            if (got == 0) break;
            if (got < 0) {
                if (errno == EINTR) continue;
                return failed("read the blob", path_, errno);
            }
            done += static_cast<std::size_t>(got);
        }
        return done;
    }

  private:
    File file_;
    fs::path path_;
    std::uint64_t size_;
};

// The 256 folders that blobs are spread over, each made when the first blob comes into it.
class Parts {
  public:
    explicit Parts(fs::path folder) : folder_(std::move(folder)) {}

    fs::path path_of(const std::string& id) const { return folder_ / id.substr(0, 2); }

    // When it returns, the folder's own entry is durable, whichever thread made it.
    Result<void> ensure(const std::string& id) {
        const auto place = static_cast<std::size_t>(hex_digits.find(id[0]) * 16 + hex_digits.find(id[1]));
        const std::lock_guard lock(mutex_);
        if (made_[place]) return {};
        const fs::path path = path_of(id);
        if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return failed("make the folder", path, errno);
        if (auto synced = sync_folder(folder_); !synced) return synced;
        made_[place] = true;
        return {};
    }

  private:
    fs::path folder_;
    std::mutex mutex_;
    std::array<bool, 256> made_{};
};

class FolderWriter final : public runtime::BlobWriter {
  public:
    FolderWriter(Parts& parts, File file, std::string id, fs::path written)
        : parts_(parts), file_(std::move(file)), id_(std::move(id)), written_(std::move(written)) {}
    ~FolderWriter() override {
        if (!committed_) ::unlink(written_.c_str());
    }

    Result<void> append(ByteView bytes) override {
        while (!bytes.empty()) {
            const ssize_t put = ::write(file_.get(), bytes.data(), bytes.size());
            if (put < 0) {
                if (errno == EINTR) continue;
                return failed("write the blob", written_, errno);
            }
            bytes = bytes.subspan(static_cast<std::size_t>(put));
        }
        return {};
    }

    Result<std::string> commit() override {
        if (committed_) return fail(ErrorCode::internal, "The blob " + id_ + " was committed twice.");
        // The bytes before the name, the name before the answer: whoever reads the id finds the whole blob, after a crash too.
        if (::fsync(file_.get()) != 0) return failed("sync the blob", written_, errno);
        if (auto there = parts_.ensure(id_); !there) return Unexpected(std::move(there).error());
        const fs::path folder = parts_.path_of(id_), kept = folder / id_;
        if (::rename(written_.c_str(), kept.c_str()) != 0) return failed("name the blob", kept, errno);
        committed_ = true;
        if (auto synced = sync_folder(folder); !synced) return Unexpected(std::move(synced).error());
        return id_;
    }

  private:
    Parts& parts_;
    File file_;
    std::string id_;
    fs::path written_;
    bool committed_ = false;
};

class FolderStore final : public runtime::BlobStore {
  public:
    explicit FolderStore(fs::path folder) : folder_(std::move(folder)), parts_(folder_) {}

    Result<std::unique_ptr<runtime::BlobWriter>> create() override {
        auto id = make_id();
        if (!id) return Unexpected(std::move(id).error());
        const fs::path written = folder_ / "new" / *id;
        File file(::open(written.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        if (!file.is_open()) return failed("create the blob", written, errno);
        return std::unique_ptr<runtime::BlobWriter>(std::make_unique<FolderWriter>(parts_, std::move(file), std::move(*id), written));
    }

    Result<std::shared_ptr<const runtime::BlobReader>> open(const std::string& id) const override {
        if (!is_id(id)) return fail(ErrorCode::not_found, "'" + id + "' is no id of a blob.", id);
        fs::path path = path_of(id);
        File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        if (!file.is_open()) return failed("open the blob", path, errno);
        struct stat facts {};
        if (::fstat(file.get(), &facts) != 0) return failed("measure the blob", path, errno);
        return std::shared_ptr<const runtime::BlobReader>(
            std::make_shared<FolderReader>(std::move(file), std::move(path), static_cast<std::uint64_t>(facts.st_size)));
    }

    Result<void> remove(const std::string& id) override {
        if (!is_id(id)) return fail(ErrorCode::not_found, "'" + id + "' is no id of a blob.", id);
        const fs::path path = path_of(id);
        if (::unlink(path.c_str()) != 0) return failed("remove the blob", path, errno);
        return {};
    }

    Result<void> visit(const std::function<void(const std::string& id, Timestamp written_at)>& visitor) const override {
        for (const char high : hex_digits)
            for (const char low : hex_digits) {
                const fs::path part = folder_ / std::string{high, low};
                std::error_code error;
                fs::directory_iterator entry(part, error);
                for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
                    const std::string name = entry->path().filename();
                    struct stat facts {};
                    // One that is removed meanwhile is no blob any more.
                    if (!is_id(name) || ::stat(entry->path().c_str(), &facts) != 0) continue;
                    visitor(name, Timestamp(std::chrono::seconds(facts.st_mtim.tv_sec)));
                }
                if (error && error.value() != ENOENT) return failed("list the folder", part, error.value());
            }
        return {};
    }

  private:
    fs::path path_of(const std::string& id) const { return parts_.path_of(id) / id; }

    fs::path folder_;
    Parts parts_;
};

}  // namespace

Result<std::unique_ptr<runtime::BlobStore>> open_folder(const std::filesystem::path& folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) return failed("make the folder", folder, error.value());
    fs::remove_all(folder / "new", error);
    if (!error) fs::create_directories(folder / "new", error);
    if (error) return failed("empty the folder", folder / "new", error.value());
    if (auto synced = sync_folder(folder); !synced) return Unexpected(std::move(synced).error());
    if (folder.has_parent_path())
        if (auto synced = sync_folder(folder.parent_path()); !synced) return Unexpected(std::move(synced).error());
    return std::unique_ptr<runtime::BlobStore>(std::make_unique<FolderStore>(folder));
}

}  // namespace otabahn::blob

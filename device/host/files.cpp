// SPDX-License-Identifier: Apache-2.0
#include "device/host/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace otabahn::device {

void Descriptor::reset() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
}

std::string trouble_with(const std::filesystem::path& path, std::string_view what) {
    const int error = errno;
    return path.string() + ": " + std::string(what) + ": " + std::strerror(error);
}

Result<void> make_folder(const std::filesystem::path& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error)
        return fail(ErrorCode::unavailable, folder.string() + ": the folder cannot be made: " + error.message() + ".", folder.string());
    return {};
}

bool sync_folder(const std::filesystem::path& folder) {
    const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return fd && ::fsync(fd.get()) == 0;
}

bool write_all(int fd, ByteView bytes, std::uint64_t offset) {
    std::size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t count = ::pwrite(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        done += static_cast<std::size_t>(count);
    }
    return true;
}

Result<std::string> read_file(const std::filesystem::path& path, std::size_t most) {
    const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return fail(ErrorCode::not_found, trouble_with(path, "cannot be opened"), path.string());
    std::string out;
    char buffer[16'384];
    while (true) {
        const ssize_t count = ::read(fd.get(), buffer, sizeof buffer);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return fail(ErrorCode::unavailable, trouble_with(path, "cannot be read"), path.string());
        if (count == 0) return out;
        if (out.size() + static_cast<std::size_t>(count) > most)
            return fail(ErrorCode::limit_exceeded, path.string() + ": longer than " + std::to_string(most) + " bytes.", path.string());
        out.append(buffer, static_cast<std::size_t>(count));
    }
}

Result<void> replace_file(const std::filesystem::path& path, ByteView bytes) {
    std::filesystem::path temporary = path;
    temporary += ".new";
    {
        const Descriptor fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
        if (!fd || !write_all(fd.get(), bytes, 0) || ::fsync(fd.get()) != 0)
            return fail(ErrorCode::unavailable, trouble_with(temporary, "cannot be written"), temporary.string());
    }
    if (::rename(temporary.c_str(), path.c_str()) != 0 || !sync_folder(path.parent_path()))
        return fail(ErrorCode::unavailable, trouble_with(path, "cannot be put in place"), path.string());
    return {};
}

}  // namespace otabahn::device

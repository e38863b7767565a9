// SPDX-License-Identifier: Apache-2.0
#include "device/linux/state_files.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace otabahn::device {

ByteView StateFiles::read(std::uint8_t page) {
    read_[page] = read_file(path_of(page), most_bytes).value_or(std::string());
    return as_bytes(read_[page]);
}

Trouble StateFiles::write(std::uint8_t page, ByteView bytes) {
    Descriptor& file = files_[page];
    if (!file) {
        const bool fresh = ::access(path_of(page).c_str(), F_OK) != 0;
        file = Descriptor(::open(path_of(page).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
        if (!file || (fresh && !sync_folder(folder_))) {
            trouble_ = trouble_with(path_of(page), "cannot be opened for writing");
            return trouble_;
        }
    }
    if (!write_all(file.get(), bytes, 0) || ::ftruncate(file.get(), static_cast<off_t>(bytes.size())) != 0 ||
        ::fdatasync(file.get()) != 0) {
        trouble_ = trouble_with(path_of(page), "cannot be written");
        return trouble_;
    }
    return std::nullopt;
}

}  // namespace otabahn::device

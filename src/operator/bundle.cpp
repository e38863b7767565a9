// SPDX-License-Identifier: Apache-2.0
#include "operator/bundle.hpp"

#include "operator/session.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

namespace otabahn::operator_tool {

namespace fs = std::filesystem;

namespace {

Result<void> write_text(const fs::path& file, const std::string& text, mode_t mode) {
    // Created closed to others first: a key must not be readable even for a moment.
    const mode_t before = ::umask(0777 & ~mode);
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    ::umask(before);
    out << text;
    out.close();
    if (!out) return fail(ErrorCode::internal, "Cannot write " + file.string() + ": " + std::strerror(errno) + ".", file.string());
    return {};
}

std::string device_toml(const Bundle& bundle) {
    return "# The device's configuration; paths are relative to this folder. All keys: docs/device.md\n"
           "thing_name = \"" +
           bundle.thing_name +
           "\"\n"
           "endpoint = \"" +
           bundle.endpoint +
           "\"\n"
           "certificate = \"certificate.pem\"\n"
           "private_key = \"private.key\"\n"
           "root_ca = \"root-ca.pem\"\n"
           "trust = \"trust\"\n"
           "state = \"state\"\n"
           "slot_bytes = 67108864\n"
           "self_test_seconds = 3\n";
}

}  // namespace

Result<void> check_free(const fs::path& folder) {
    std::error_code failed;
    if (!fs::exists(folder, failed)) return {};
    if (!fs::is_directory(folder, failed) || !fs::is_empty(folder, failed))
        return fail(ErrorCode::already_exists,
                    "The bundle's folder " + folder.string() + " is not empty; nothing was made. Name another with --out.",
                    folder.string());
    return {};
}

Result<void> BundleFolder::reserve(const std::string& private_key) {
    for (const auto& folder : {folder_, folder_ / "trust"}) {
        std::error_code failed;
        const bool made = fs::create_directories(folder, failed);
        if (failed)
            return fail(ErrorCode::internal,
                        "Cannot make the bundle's folder " + folder.string() + ": " + failed.message() + "; no thing was made.",
                        folder.string());
        if (made) made_.push_back(folder);
    }
    return add(folder_ / "private.key", private_key, 0600);
}

Result<void> BundleFolder::add(const fs::path& file, const std::string& text, unsigned mode) {
    made_.push_back(file);
    return write_text(file, text, mode);
}

Result<void> BundleFolder::write(const Bundle& bundle) {
    if (auto done = add(folder_ / "certificate.pem", bundle.certificate, 0644); !done) return done;
    if (auto done = add(folder_ / "root-ca.pem", bundle.root_ca, 0644); !done) return done;
    for (const auto& certificate : bundle.trust)
        if (auto done = add(folder_ / "trust" / certificate.file_name, certificate.pem, 0644); !done) return done;
    return add(folder_ / "device.toml", device_toml(bundle), 0644);
}

BundleFolder::~BundleFolder() {
    std::error_code ignored;
    if (!kept_)
        for (auto path = made_.rbegin(); path != made_.rend(); ++path) fs::remove(*path, ignored);
}

Result<std::string> amazon_roots() {
    std::string out;
    std::error_code failed;
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator("/etc/ssl/certs", failed))
        if (entry.path().filename().string().starts_with("Amazon_Root_CA_") && entry.path().extension() == ".pem")
            files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    for (const auto& file : files) {
        auto text = read_file(file.string());
        if (!text) return text;
        out += *text;
    }
    if (out.empty())
        return fail(ErrorCode::not_found, "Amazon's root certificates are not in /etc/ssl/certs; install the package ca-certificates.");
    return out;
}

}  // namespace otabahn::operator_tool

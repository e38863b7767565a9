// SPDX-License-Identifier: Apache-2.0
// Job documents and manifests: any text gives a document within its bounds or a refusal that has a sentence.
#include "otawire/job_document.hpp"
#include "otawire/release_manifest.hpp"

#include <cstdlib>
#include <string_view>

using namespace otabahn;
using namespace otabahn::otawire;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    std::array<char, 256> room{};
    if (const auto document = parse_job_document(text)) {
        if (document->files().empty() || document->files().size() > most_update_files) std::abort();
        if (document->kind == DocumentKind::otabahn_update && document->version.size() == 0) std::abort();
        for (const UpdateFile& file : document->files())
            if (file.file_id > 255 || file.size == 0 || (document->kind == DocumentKind::otabahn_update && !file.sha256)) std::abort();
        Parameters parameters(document->parameters);
        for (Parameter parameter; parameters.next(parameter);)
            if (parameter.raw.empty()) std::abort();
    } else if (describe(document.error(), "The job document", room).empty()) {
        std::abort();
    }
    if (const auto manifest = parse_release_manifest(text)) {
        if (manifest->files().empty() || manifest->version.size() == 0) std::abort();
        manifest->fits_hardware("rev1");
    } else if (describe(manifest.error(), "The manifest", room).empty()) {
        std::abort();
    }
    return 0;
}

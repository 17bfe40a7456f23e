/*
 * image.h - the program and its libraries in memory.
 */
#ifndef HM_OS_IMAGE_H
#define HM_OS_IMAGE_H

/*
 * Code and tables leave the process's memory; what is needed comes back from the page
 * cache.  For when many libraries were just loaded: most of what that reads (names,
 * relocations, set-up) is read once.  Any thread, any time.
 */
void hm_image_forget(void);

#endif
